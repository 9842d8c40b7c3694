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

// A recording has no names of programs: only a live receiver asks Windows for them. So the test gives them to the records of a replay.
func TestAProgramThatNeedsNoNamesIsFoundByItsName(t *testing.T) {
	programs := map[string]string{
		fmt.Sprint(incident.Browser): `C:\Program Files\browser.exe`, fmt.Sprint(incident.Mail): `C:\Windows\System32\RunDLL32.exe`, fmt.Sprint(incident.Tool): `C:\notepad.exe\mynotepad.exe`,
	}
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	q := find(t, "strange-process")
	for _, mode := range modes {
		sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
			"replay": map[string]any{"path": files.Client}, "volume": mode, "enable_flags": 0, "provider_guid": "Microsoft-Windows-DNS-Client",
			"device": map[string]any{"hostname": incident.WorkstationName, "ip": incident.Workstation},
		})
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			if program := programs[kit.Text(lr, "SrcProcessId")]; program != "" {
				lr.Attributes().PutStr("SrcProcessName", program)
			}
		})
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		for _, logs := range sink.AllLogs() {
			require.NoError(t, s.AddLogs(logs))
		}
		require.NoError(t, s.Finish())
		a, err := s.Ask(t.Context(), q)
		require.NoError(t, err)
		reasons := map[any]any{}
		for _, row := range a.Rows {
			reasons[row[1]] = row[3]
		}
		require.Equal(t, map[any]any{fmt.Sprint(incident.Mail): "program", fmt.Sprint(incident.Implant): "alone", fmt.Sprint(incident.Bypass): "alone"}, reasons, mode)
		require.NoError(t, s.Close())
	}
}
