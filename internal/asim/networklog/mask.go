// SPDX-License-Identifier: Apache-2.0

// How a field mask, whose paths are Hubble's, applies to the attributes of a record.

package networklog

import (
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// source is an attribute of a network record and the field of Hubble's event that it comes from, as flow.proto names it. "l4.*" is the header of
// the packet's protocol. The field is empty where Hubble's event has no such field.
type source struct{ attribute, field string }

// networkSources returns all attributes that a network record may have. An attribute that the schema requires of every record, such as
// EventResult, has no field here even if it follows from one: no mask leaves it out.
func networkSources() []source {
	all := slices.Concat(eventSources, outcomeSources, deviceSources, endSources, nameSources, transportSources, decisionSources, tunnelSources, connectionSources)
	for _, kind := range kindAttributes {
		for i := range kind {
			if s := kind[i].source; !slices.Contains(all, s) { // several notifications may have it
				all = append(all, s)
			}
		}
	}
	return all
}

// networkMask leaves out the attributes of a flow's record whose fields are not in the mask.
type networkMask struct {
	*flow.Mask
	omit map[flow.L4Protocol]map[string]bool // attributes, by the packet's protocol
}

// newNetworkMask makes a mask, nil for nil.
func newNetworkMask(m *flow.Mask) *networkMask {
	if m == nil {
		return nil
	}
	mask := &networkMask{Mask: m, omit: map[flow.L4Protocol]map[string]bool{}}
	for protocol := flow.L4None; protocol <= flow.L4IGMP; protocol++ {
		omit := map[string]bool{}
		for _, s := range networkSources() {
			field := s.field
			if protocol == flow.L4None && field == "l4.*" {
				field = "l4" // Hubble has no name for the protocol
			}
			if field != "" && !m.Has(strings.ReplaceAll(field, "*", protocol.String())) {
				omit[s.attribute] = true
			}
		}
		mask.omit[protocol] = omit
	}
	return mask
}

// omits returns the attributes that the record of an event leaves out, nil for none. As in Hubble, only flows are masked.
func (m *networkMask) omits(class flow.Class, protocol flow.L4Protocol) map[string]bool {
	if m == nil || class != flow.ClassPacket && class != flow.ClassSocket {
		return nil
	}
	return m.omit[protocol]
}
