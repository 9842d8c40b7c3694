// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/opener"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// archiver appends the full record of each event to the archive, as monitor_aggregation_level none writes it. What depends on earlier events,
// it knows from the events of the archive, since these are more than the other records show. Its methods do nothing if it is nil, except
// add.
type archiver struct {
	mapper  *networklog.Mapper
	openers *opener.Memory
	marker  *primary.Marker
	records plog.LogRecordSlice // of the batch being filled
	flow    flow.Flow
}

func newArchiver(options networklog.Options) *archiver {
	return &archiver{mapper: networklog.NewMapper(options), openers: opener.New(), marker: primary.New()}
}

// begin adds the archive's resource to a batch.
func (a *archiver) begin(logs plog.Logs) {
	if a != nil {
		a.records = a.mapper.Begin(logs)
		pipeline.MarkArchive(logs.ResourceLogs().At(logs.ResourceLogs().Len() - 1).Resource())
	}
}

func (a *archiver) setDevice(d networklog.Device) {
	if a != nil {
		a.mapper.SetDevice(d)
	}
}

// forget forgets all events. The next ones are those of another node.
func (a *archiver) forget() {
	if a != nil {
		a.openers.Forget()
		a.marker.Forget()
	}
}

func (a *archiver) silence(d time.Duration) {
	if a != nil {
		a.marker.Silence(d)
	}
}

// add appends the record of a flow with its packet. at is the flow's time. It leaves the flow as it is.
func (a *archiver) add(f *flow.Flow, packet []byte, id uid.ID, at, received int64) {
	a.flow = *f
	a.openers.Direct(&a.flow, at)
	marks := a.marker.Mark(&a.flow, packet, at)
	a.flow.Primary, a.flow.PrimaryDrop = marks.Packet == primary.Yes, marks.Drop == primary.Yes
	a.append(&a.flow, id, at, received)
}

// addLoss appends the record of a loss.
func (a *archiver) addLoss(source flow.LostSource, n uint64, cpu int32, id uid.ID, at, received int64) {
	lost := time.Unix(0, at)
	a.flow.SetLost(source, n, cpu, lost, lost)
	a.append(&a.flow, id, at, received)
}

func (a *archiver) append(f *flow.Flow, id uid.ID, at, received int64) {
	a.mapper.Append(a.records.AppendEmpty(), f, id, time.Unix(0, at), time.Unix(0, received))
}
