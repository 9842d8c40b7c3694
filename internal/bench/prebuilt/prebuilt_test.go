// SPDX-License-Identifier: Apache-2.0

package prebuilt

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// file returns the file exporter's output for batches with the given numbers of records.
func file(t *testing.T, sizes ...int) []byte {
	var all []byte
	var marshaler plog.ProtoMarshaler
	for _, n := range sizes {
		logs := plog.NewLogs()
		records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			records.AppendEmpty().Body().SetStr("x")
		}
		raw, err := marshaler.MarshalLogs(logs)
		require.NoError(t, err)
		all = append(binary.BigEndian.AppendUint32(all, uint32(len(raw))), raw...)
	}
	return all
}

func TestEveryBatchIsSentAsOftenAsConfiguredAndCopiedEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records")
	require.NoError(t, os.WriteFile(path, file(t, 3, 2), 0o600))
	factory, sink := NewFactory(), &consumertest.LogsSink{}
	r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), &Config{Path: path, Repeat: 2}, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	<-r.(*prebuilt).done
	require.NoError(t, r.Shutdown(t.Context()))
	var sizes []int
	for _, logs := range sink.AllLogs() {
		sizes = append(sizes, logs.LogRecordCount())
	}
	require.Equal(t, []int{3, 2, 3, 2}, sizes)
	sink.AllLogs()[0].ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
	require.Equal(t, 3, sink.AllLogs()[2].LogRecordCount(), "each is a copy of its own")
}

func TestAFileOfAnotherFormatFailsTheStart(t *testing.T) {
	good := file(t, 1)
	for want, raw := range map[string][]byte{
		"no batch in the file":                               nil,
		"2 bytes after the last batch; want the 4 of a size": good[:2],
		"a batch of": good[:len(good)-1],
	} {
		path := filepath.Join(t.TempDir(), "records")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		factory := NewFactory()
		r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), &Config{Path: path, Repeat: 1}, consumertest.NewNop())
		require.NoError(t, err)
		err = r.Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, want)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}
