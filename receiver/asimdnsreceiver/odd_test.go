// SPDX-License-Identifier: Apache-2.0

// Events with unexpected content become records and are counted.

package asimdnsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// oddFile writes a file with two QUERY_RECEIVED events: one whose packet is not a DNS message, one whose data ends
// early.
func oddFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "odd.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{NumberOfProcessors: 1, StartTime: time.Now(), BootTime: time.Now()})
	require.NoError(t, err)
	tmpl := dns.NewDecoder(dns.Server()).Templates()[0]
	require.Equal(t, uint16(256), tmpl.ID)
	data, err := tmpl.Encode(nil, 8, map[string]any{"QNAME": "a.example.", "PacketData": []byte{0xC0, 0xFF, 0xEE}})
	require.NoError(t, err)
	for _, userData := range [][]byte{data, data[:30]} {
		r := etw.Record{
			Provider: dns.Server().GUID, ID: 256, Level: 4, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
			TimeStamp: etw.Filetime(time.Now().UnixNano()), UserData: userData,
		}
		raw, err := r.Append(nil)
		require.NoError(t, err)
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

func TestAPacketThatDoesNotParseAndALayoutThatDoesNotFitAreCounted(t *testing.T) {
	for keep, want := range map[dnslog.PacketKeep]any{dnslog.KeepPacketAlways: "0xC0FFEE", dnslog.KeepPacketOnError: "0xC0FFEE", dnslog.KeepPacketNever: nil} {
		tel := componenttest.NewTelemetry()
		set := receivertest.NewNopSettings(metadata.Type)
		set.TelemetrySettings = tel.NewTelemetrySettings()
		sink := &consumertest.LogsSink{}
		r, logs := startReceiver(t, set, replayOf(oddFile(t), func(c *Config) { c.Packet.Keep = keep }), sink)
		<-r.Player.Done()

		one := kit.Point(r.Receiver.ID, 1)
		metadatatest.AssertEqualPacketsUnparsable(t, tel, one, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualEventsLayoutUnknown(t, tel, one, metricdatatest.IgnoreTimestamp())
		require.NoError(t, r.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))

		account := logs.FilterMessage("every event has left the receiver").All()[0].ContextMap()
		require.Equal(t, int64(1), account["packets_unparsable"])
		var packets, undecoded []any
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			more, _ := lr.Attributes().AsRaw()["AdditionalFields"].(map[string]any)
			packets, undecoded = append(packets, more["PacketData"]), append(undecoded, more["UndecodedData"])
			require.NotContains(t, lr.Attributes().AsRaw(), "DnsQueryClass")
		})
		require.Equal(t, []any{want, nil}, packets)
		require.Len(t, undecoded, 2)
		require.Nil(t, undecoded[0])
		require.NotNil(t, undecoded[1])
	}
}
