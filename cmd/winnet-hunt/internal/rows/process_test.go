// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// programs returns a store of a workstation's recording. A recording has no names of programs, since only a live receiver asks Windows for them, so the records
// get them here: one that needs no names, and is not found otherwise, for each process that the scenario's workstation has.
func programs(t *testing.T, files incident.Files) *Store {
	t.Helper()
	names := map[string]string{}
	return withPrograms(t, map[string]any{
		"replay": map[string]any{"path": files.Client}, "volume": "full", "enable_flags": 0, "provider_guid": "Microsoft-Windows-DNS-Client",
		"device": map[string]any{"hostname": incident.WorkstationName},
	}, func(process string) string {
		if names[process] == "" {
			names[process] = incident.Needless()[len(names)%len(incident.Needless())]
		}
		return names[process]
	})
}

// withPrograms returns a store of a replay, in which processes have names.
func withPrograms(t *testing.T, config map[string]any, name func(process string) string) *Store {
	t.Helper()
	sink := kit.Replay(t, asimdnsreceiver.NewFactory(), config)
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if program := name(kit.Text(lr, "SrcProcessId")); program != "" {
			lr.Attributes().PutStr("SrcProcessName", program)
		}
	})
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, logs := range sink.AllLogs() {
		require.NoError(t, s.AddLogs(logs))
	}
	require.NoError(t, s.Finish())
	return s
}

func TestAProgramThatNeedsNoNamesIsFoundByItsName(t *testing.T) {
	named := map[string]string{
		fmt.Sprint(incident.Browser): `C:\Program Files\browser.exe`, fmt.Sprint(incident.Mail): `C:\Windows\System32\RunDLL32.exe`, fmt.Sprint(incident.Tool): `C:\notepad.exe\mynotepad.exe`,
	}
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	q := find(t, "strange-process")
	for _, mode := range modes {
		s := withPrograms(t, map[string]any{
			"replay": map[string]any{"path": files.Client}, "volume": mode, "enable_flags": 0, "provider_guid": "Microsoft-Windows-DNS-Client",
			"device": map[string]any{"hostname": incident.WorkstationName, "ip": incident.Workstation},
		}, func(process string) string { return named[process] })
		a, err := s.Ask(t.Context(), q)
		require.NoError(t, err)
		reasons := map[any]any{}
		for _, row := range a.Rows {
			reasons[row[1]] = row[3]
		}
		require.Equal(t, map[any]any{fmt.Sprint(incident.Mail): "program", fmt.Sprint(incident.Implant): "alone", fmt.Sprint(incident.Bypass): "alone"}, reasons, mode)
	}
}
