// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// outside is where the packets go. Its identity is the world's.
var outside = netip.MustParseAddr("192.0.2.1")

// replaying is a receiver that follows a capture while a test writes it, with the names of an extension that only it asks.
type replaying struct {
	names     *names
	past      *history
	receiver  receiver.Logs
	telemetry *componenttest.Telemetry
	file      *os.File
	writer    *capture.Writer

	writing sync.Mutex
	written int

	mu    sync.Mutex
	count int               // records
	named int               // with the source's pod
	wrong map[string]string // pods that never had the address, by address
	last  map[string]string // the pod of an address's last record
}

// GetExtensions implements component.Host.
func (r *replaying) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("k8s_names"): r.names.Extension}
}

// busily writes packets of random addresses until the returned function is called, which waits for the end.
func (r *replaying) busily(t *testing.T, n int, address func(i int) netip.Addr) (stop func()) {
	var stopped atomic.Bool
	var writing sync.WaitGroup
	writing.Go(func() {
		for !stopped.Load() {
			var batch []netip.Addr
			for range 64 {
				batch = append(batch, address(rand.IntN(n)))
			}
			if !assert.NoError(t, r.write(batch...)) {
				return
			}
			time.Sleep(2 * time.Millisecond) // the machine has other work
		}
	})
	return func() {
		stopped.Store(true)
		writing.Wait()
	}
}

// replay starts the receiver.
func replay(t *testing.T, n *names, past *history) *replaying {
	t.Helper()
	r := &replaying{names: n, past: past, telemetry: componenttest.NewTelemetry(), wrong: map[string]string{}, last: map[string]string{}}
	path := filepath.Join(t.TempDir(), "events.pcapng")
	of, err := recording.New()
	require.NoError(t, err)
	r.file, err = os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.file.Close()) })
	r.writer, err = capture.NewRecordingWriter(r.file, of)
	require.NoError(t, err)
	require.NoError(t, r.writer.Flush())
	factory := ciliumwindowsreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"names": "k8s_names", "volume": "full", "monitor_aggregation_level": "none", "node_name": "win1", "replay": map[string]any{"path": path, "follow": true}, "batch": map[string]any{"flush_interval": "10ms"},
	}).Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	sink, err := consumer.NewLogs(r.take)
	require.NoError(t, err)
	set := receivertest.NewNopSettings(factory.Type())
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	r.receiver, err = factory.CreateLogs(t.Context(), set, config, sink)
	require.NoError(t, err)
	require.NoError(t, r.receiver.Start(t.Context(), r))
	return r
}

// take checks records.
func (r *replaying) take(_ context.Context, logs plog.Logs) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.past.mu.RLock()
	defer r.past.mu.RUnlock()
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				r.note(lr.Attributes())
			}
		}
	}
	return nil
}

// note notes a record's name. Others have no access to it, nor to the past.
func (r *replaying) note(a pcommon.Map) {
	if typ, _ := a.Get("EventType"); typ.Str() != "Flow" { // such as a status
		return
	}
	r.count++
	source, _ := a.Get("SrcIpAddr")
	pod, ok := a.Get("cilium.source.pod")
	r.last[source.Str()] = pod.Str()
	if !ok {
		return
	}
	r.named++
	if !r.past.owners[netip.MustParseAddr(source.Str())][pod.Str()] {
		r.wrong[source.Str()] = pod.Str()
	}
}

// write writes a packet of each address, at this moment.
func (r *replaying) write(addresses ...netip.Addr) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	for _, a := range addresses {
		packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, outside, mt.ProtoTCP, mt.TCP(40000, 443, mt.ACK, nil)))
		event := mt.Trace{Capture: mt.Capture{Packet: packet}, Version: 2, Point: 3, DstLabel: 2}.Bytes()
		if err := r.writer.Write(events.Record{Time: time.Now().UnixNano(), CPU: -1, Data: event}); err != nil {
			return err
		}
		r.written++
	}
	return r.writer.Flush()
}

// hold holds that in the end a packet of each address has the name of its pod, "" for none, in its record.
func (r *replaying) hold(t *testing.T, n int, address func(i int) netip.Addr, want func(i int) string) {
	t.Helper()
	var all []netip.Addr
	for i := range n {
		all = append(all, address(i))
	}
	eventually(t, func() bool {
		if !assert.NoError(t, r.write(all...)) || !r.reported() {
			return false
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, a := range all {
			if r.last[a.String()] != want(i) {
				return false
			}
		}
		return true
	}, "the record of each address has its pod")
}

// reported waits for the record of each event, and reports whether they have come.
func (r *replaying) reported() bool {
	r.writing.Lock()
	written := r.written
	r.writing.Unlock()
	for begun := time.Now(); time.Since(begun) < wait; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		count := r.count
		r.mu.Unlock()
		if count >= written {
			return true
		}
	}
	return false
}

// end stops the receiver. It holds that each event is in the account, and each look-up, and that no record has the name of a pod that never had its address.
func (r *replaying) end(t *testing.T) {
	t.Helper()
	require.True(t, r.reported())
	counted := func(name string) int64 {
		t.Helper()
		m, err := r.telemetry.GetMetric("otelcol_receiver_ciliumwindows_events_" + name)
		require.NoError(t, err)
		var sum int64
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			sum += p.Value
		}
		return sum
	}
	require.EqualValues(t, r.written, counted("received"), "and so none is filtered, aggregated, undecodable or dropped")
	eventually(t, func() bool { return counted("emitted") == int64(r.written) }, "the last batch is in the account")
	require.NoError(t, r.receiver.Shutdown(context.Background()))
	require.Equal(t, r.written, r.count)
	require.Empty(t, r.wrong)
	lookup := func(outcome string) int { return int(max(0, r.names.metric(t, "lookups", outcome))) }
	require.Equal(t, r.named, lookup("owner")+lookup("earlier_owner"))
	require.Equal(t, r.written-r.named, lookup("unresolved"))
	require.Equal(t, r.written, lookup("identity"), "the other end is the world")
	t.Logf("%d events, each in its record: %d with the name of their pod, %d without one", r.written, r.named, r.written-r.named)
}
