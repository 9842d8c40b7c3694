// SPDX-License-Identifier: Apache-2.0

// Events from the body of a record: the line that Hubble's exporter writes.

package convert

import (
	"encoding/json"
	"strings"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// fromJSON reads the event of a body. It reports false for a body that is no event of Hubble.
func (v *values) fromJSON(s *storage, body string) bool {
	if !strings.HasPrefix(body, "{") {
		return false
	}
	raw := []byte(body)
	var line observerpb.ExportEvent
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &line); err != nil {
		return false
	}
	if strings.Contains(body, `\`) || printable.String(body) != body { // seldom
		escape(line.ProtoReflect())
	}
	switch e := line.ResponseTypes.(type) {
	case *observerpb.ExportEvent_Flow:
		newerFields(raw, e.Flow)
		if e.Flow.NodeName == "" {
			e.Flow.NodeName = line.NodeName
		}
		s.event.Hubble.Event = e.Flow
	case *observerpb.ExportEvent_LostEvents:
		s.event.Hubble.Event = e.LostEvents
	case *observerpb.ExportEvent_DebugEvent:
		s.event.Hubble.Event = e.DebugEvent
	default:
		return false
	}
	s.event.Node = line.NodeName
	return true
}

// newer has the fields of a flow that this release of the API does not have.
type newer struct {
	Flow struct {
		IPTraceID *struct {
			TraceID uint64 `json:"trace_id,string"`
		} `json:"ip_trace_id"`
		L4     newerLayer4 `json:"l4"`
		Tunnel struct {
			VNI uint32 `json:"vni"`
		} `json:"tunnel"`
	} `json:"flow"`
}

type newerLayer4 struct {
	VRRP *struct {
		Type     uint32 `json:"type"`
		VRID     uint32 `json:"vrid"`
		Priority uint32 `json:"priority"`
	} `json:"VRRP"`
	IGMP *struct {
		Type  uint32 `json:"type"`
		Group string `json:"group_address"`
	} `json:"IGMP"`
	SCTP struct {
		Chunk string `json:"chunk_type"`
	} `json:"SCTP"`
}

// newerNames are names of such fields, as JSON has them.
var newerNames = [...]string{`"ip_trace_id"`, `"vni"`, `"VRRP"`, `"IGMP"`, `"chunk_type"`}

// newerFields adds the fields of later releases to a flow.
func newerFields(raw []byte, f *flowpb.Flow) {
	has := false
	for _, name := range newerNames {
		has = has || strings.Contains(string(raw), name)
	}
	var n newer
	if !has || json.Unmarshal(raw, &n) != nil {
		return
	}
	if id := n.Flow.IPTraceID; id != nil {
		setIPTraceID(f, id.TraceID)
	}
	if n.Flow.Tunnel.VNI != 0 && f.Tunnel != nil {
		setVNI(f.Tunnel, n.Flow.Tunnel.VNI)
	}
	l4 := &n.Flow.L4
	switch {
	case l4.VRRP != nil:
		setVRRP(f, l4.VRRP.Type, l4.VRRP.VRID, l4.VRRP.Priority)
	case l4.IGMP != nil:
		setIGMP(f, l4.IGMP.Type, printable.String(l4.IGMP.Group))
	case l4.SCTP.Chunk != "" && f.GetL4().GetSCTP() != nil:
		setChunk(f.GetL4().GetSCTP(), printable.String(l4.SCTP.Chunk))
	}
}
