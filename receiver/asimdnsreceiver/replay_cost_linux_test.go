// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// BenchmarkReplay measures an event of a replay of 100,000 events of the DNS Server, from the file to the next component: with no more than the
// defaults, with a storage that keeps the place, in memory, and with pseudonyms for clients and names. cpu-ns/event is the processor time of the
// process, the start and the stop of the receiver included.
func BenchmarkReplay(b *testing.B) {
	const events = 100_000
	path := filepath.Join(b.TempDir(), "long.etl")
	writeLong(b, path, events)
	for _, bm := range []struct{ name, config string }{
		{"plain", ""},
		{"storage", "storage: " + kit.StorageID.String()},
		{"pseudonyms", "pseudonymize: {fields: [SrcIpAddr, DnsQuery], key: 0123456789abcdef0123456789abcdef}"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			change := configured(b, bm.config)
			play := func() {
				r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, change), consumertest.NewNop())
				require.NoError(b, err)
				require.NoError(b, r.Start(context.Background(), (&kit.Storage{}).Host()))
				<-r.Player.Done()
				require.NoError(b, r.Shutdown(context.Background()))
				require.EqualValues(b, events, r.Pipeline.Stats.Received.Load())
			}
			play() // the process has its memory then
			begun := processorTime(b)
			for b.Loop() {
				play()
			}
			b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N*events), "cpu-ns/event")
		})
	}
}

// writeLong writes the events of the DNS Server's recording to a file, over and over.
func writeLong(b *testing.B, path string, n int) {
	b.Helper()
	file, err := os.Create(path)
	require.NoError(b, err)
	w, err := etl.Create(file, etl.Options{})
	require.NoError(b, err)
	for n > 0 {
		from, err := etl.Open(serverFile)
		require.NoError(b, err)
		for ; n > 0; n-- {
			raw, err := from.Next()
			if err == io.EOF {
				break
			}
			require.NoError(b, err)
			require.NoError(b, w.Write(raw))
		}
		require.NoError(b, from.Close())
	}
	require.NoError(b, w.Close())
	require.NoError(b, file.Close())
}
