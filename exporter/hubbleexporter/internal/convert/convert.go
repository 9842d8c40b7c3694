// SPDX-License-Identifier: Apache-2.0

// Package convert makes Hubble's events of log records. Records of the receiver ciliumwindows go in; flows, debug messages and losses come out,
// in Cilium's own protobuf types. A record that is none of these gives a Reason.
//
// A record whose body is the line that Hubble's exporter writes (body: hubble_json) has the event there. Any other is put together from the
// attributes, whose names are in the README of the receiver.
package convert

//lint:file-ignore SA1019 Hubble fills deprecated fields, and its clients read them.

import (
	"cmp"
	"strings"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Reason is why a record gives no event, the value of a metric's attribute.
type Reason string

// The reasons.
const (
	None          Reason = ""
	NotCilium     Reason = "not_cilium"    // of another source, such as DNS
	Status        Reason = "status"        // of a receiver itself
	Sum           Reason = "sum"           // of a connection: no packet that Hubble could show
	Pseudonymized Reason = "pseudonymized" // with pseudonyms in place of addresses
	Archive       Reason = "archive"       // of the tier that is not served
	Undecoded     Reason = "undecoded"     // of a message that the receiver does not decode
	TooLarge      Reason = "too_large"
)

// MaxSize is the size in bytes that a record's values, and an event in protobuf, may have. A flow with names and labels has about 1 KB.
const MaxSize = 16 << 10

// Resource is what the records of a resource and a scope have in common.
type Resource struct {
	node    string // "" when the records say it
	address string // "" when the records say it
	skip    Reason // of all its records
	network bool   // the scope is that of the receiver ciliumwindows
}

// Event is an event of Hubble and the node that it is of. Nobody changes it once it is in the ring.
type Event struct {
	Hubble  v1.Event
	Node    string // as the line of JSON, or else the record, names it; "" when neither does
	Address string // of the node; "" when not known
}

// Converter converts records. One goroutine uses it at a time.
type Converter struct {
	// Archived selects the records of the archive in place of the others.
	Archived bool

	values values
}

// Scopes of this project's records.
const (
	scopeNetwork = "asim.network.events"
	scopeStatus  = "winnet.status"
)

// Resource reads what the records of a scope have in common.
func (c *Converter) Resource(resource pcommon.Resource, scope pcommon.InstrumentationScope) Resource {
	var r Resource
	attributes := resource.Attributes()
	get := func(key string) string {
		v, ok := attributes.Get(key)
		if !ok {
			return ""
		}
		return strings.Clone(text(v))
	}
	r.node = cmp.Or(get("k8s.node.name"), get("host.name"), get("Dvc"))
	r.address = get("DvcIpAddr")
	r.network = scope.Name() == scopeNetwork
	mark, marked := attributes.Get("winnet.pseudonymized")
	switch {
	case scope.Name() == scopeStatus:
		r.skip = Status
	case !r.network && scope.Name() != "" && strings.HasPrefix(scope.Name(), "asim."):
		r.skip = NotCilium
	case marked && is(mark):
		r.skip = Pseudonymized
	case (get("winnet.tier") == "archive") != c.Archived:
		r.skip = Archive
	}
	return r
}

// Event makes the event of a record. It shares no memory with the record. The event is nil where there is a reason.
func (c *Converter) Event(r *Resource, record plog.LogRecord) (*Event, Reason) {
	if r.skip != None {
		return nil, r.skip
	}
	v := &c.values
	v.read(record)
	if reason := v.reason(r); reason != None {
		return nil, reason
	}
	if v.size > MaxSize {
		return nil, TooLarge
	}
	stored := &storage{}
	stored.time.Seconds, stored.time.Nanos = seconds(record.Timestamp())
	if body := record.Body(); body.Type() != pcommon.ValueTypeStr || !v.fromJSON(stored, body.Str()) {
		if !v.event(stored) {
			return nil, Undecoded
		}
	}
	e := &stored.event
	e.Hubble.Timestamp = &stored.time
	e.Node, e.Address = cmp.Or(e.Node, r.node, intern(v.device)), r.address
	if e.Address == "" {
		e.Address = intern(v.deviceAddress)
	}
	if f, ok := e.Hubble.Event.(*flowpb.Flow); ok {
		c.finish(f, e)
	}
	if m, ok := e.Hubble.Event.(proto.Message); !ok || proto.Size(m) > MaxSize {
		return nil, TooLarge
	}
	return e, None
}

// finish adds what Hubble's agent gives every flow.
func (c *Converter) finish(f *flowpb.Flow, e *Event) {
	f.Time = e.Hubble.Timestamp
	if f.NodeName == "" {
		f.NodeName = e.Node
	} else {
		e.Node = f.NodeName
	}
	if f.Uuid == "" {
		f.Uuid = c.values.uuid()
	}
	if f.DropReasonDesc == flowpb.DropReason_DROP_REASON_UNKNOWN && f.GetDropReason() != 0 {
		f.DropReasonDesc = flowpb.DropReason(f.GetDropReason()) // a name that this release does not know
	}
}

// storage has an event and all that an event of a packet needs, in one allocation.
type storage struct {
	event     Event
	time      timestamppb.Timestamp
	flow      flowpb.Flow
	ethernet  flowpb.Ethernet
	ip        flowpb.IP
	l4        flowpb.Layer4
	source    flowpb.Endpoint
	dest      flowpb.Endpoint
	eventType flowpb.CiliumEventType
}

// seconds splits a time as protobuf has it.
func seconds(t pcommon.Timestamp) (int64, int32) {
	at := t.AsTime()
	return at.Unix(), int32(at.Nanosecond())
}

// uuid returns the identifier of the record's event, in the form of a UUID. A record without one gets a random one.
func (v *values) uuid() string {
	id, err := uuid.Parse(v.id) // takes 32 hexadecimal digits too
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}
