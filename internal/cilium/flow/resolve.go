// SPDX-License-Identifier: Apache-2.0

// The names of a flow's ends: how they are found, what follows from them, and how Hubble's JSON and its line have them.

package flow

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Ends are the names of both ends of a flow, each nil where it is not known. In a tunnel, they are those of the packet inside. Flows share
// what they point to, so nobody may change it.
type Ends struct {
	Source, Destination               *Endpoint
	SourceService, DestinationService *Service
}

// Resolve finds the names of the flow's ends at its time, in nanoseconds since 1970. As in Hubble, an identity that the event does not have is
// that of the end's owner, and the direction of a drop and of a trace follows from which end is the reporting endpoint. Where the names do not
// tell which end that is, the direction stays what Decode has derived. Call it once, after Decode. It does not allocate.
func (f *Flow) Resolve(names Names, at int64) {
	if f.Class != ClassPacket && f.Class != ClassSocket {
		return
	}
	f.Source, f.SourceService = f.end(names, f.IP.Source, f.L4.SourcePort, &f.SourceIdentity, at)
	f.Destination, f.DestinationService = f.end(names, f.IP.Destination, f.L4.DestinationPort, &f.DestinationIdentity, at)
	if f.EndpointID == 0 {
		return
	}
	sent, received := f.Source.is(f.EndpointID), f.Destination.is(f.EndpointID)
	if sent == received { // it is neither end, or both: a pod that talks to itself
		return
	}
	packet := DirectionIngress
	if sent {
		packet = DirectionEgress
	}
	switch f.Type {
	case monitor.TypeDrop:
		f.goesDropped(packet)
	case monitor.TypeTrace:
		f.goesTraced(packet)
	}
}

// end returns the names of one end, and sets its identity where the event does not have it.
func (f *Flow) end(names Names, address netip.Addr, port uint16, identity *uint32, at int64) (*Endpoint, *Service) {
	if !address.IsValid() && *identity == 0 {
		return nil, nil
	}
	endpoint := names.Endpoint(address, *identity, at)
	if endpoint != nil && *identity == 0 {
		*identity = endpoint.Identity
	}
	var service *Service
	// A socket event may have a port and no known protocol.
	if (f.L4.Protocol.HasPorts() || f.Class == ClassSocket) && port != 0 && address.IsValid() {
		service = names.Service(address, port, f.L4.Protocol, at)
	}
	return endpoint, service
}

// is reports whether e is the endpoint of the node with the id, which is not 0.
func (e *Endpoint) is(id uint16) bool { return e != nil && e.Local && e.ID == uint32(id) }

// json writes flow.Endpoint. e may be nil. As in Hubble, only an endpoint of the node has an ID.
func (e *Endpoint) json(w object, name string, identity uint32) object {
	w = w.open(name)
	if e == nil {
		return w.number("identity", uint64(identity)).close()
	}
	if e.Local {
		w = w.number("ID", uint64(e.ID))
	}
	w = w.number("identity", uint64(identity)).text("cluster_name", e.ClusterName).text("namespace", e.Namespace)
	if len(e.Labels) > 0 {
		w = append(w.key("labels"), '[')
		for i, label := range e.Labels {
			if i > 0 {
				w = append(w, ',')
			}
			w = w.quoted(label)
		}
		w = append(w, ']')
	}
	w = w.text("pod_name", e.PodName)
	if len(e.Workloads) > 0 {
		w = append(w.key("workloads"), '[')
		for i := range e.Workloads {
			if i > 0 {
				w = append(w, ',')
			}
			w = append(w, '{').text("name", e.Workloads[i].Name).text("kind", e.Workloads[i].Kind).close()
		}
		w = append(w, ']')
	}
	return w.close()
}

// json writes flow.Service, nothing when there is none.
func (s *Service) json(w object, name string) object {
	if s == nil {
		return w
	}
	return w.open(name).text("name", s.Name).text("namespace", s.Namespace).close()
}

// hidden says which names of a flow a line does not show, because a mask does not have them.
type hidden struct{ source, destination hiddenEnd }

// hiddenEnd says it of one end. emptyService says that Hubble's flow has a service without a name where ours has none.
type hiddenEnd struct{ namespace, pod, serviceNamespace, service, emptyService bool }

// name returns the namespace and the name that a line shows in place of an address: those of the pod, else those of the service; "" if there
// are none. As in Hubble, the namespace is that of the service if there is one, also beside the name of a pod.
func (h *hiddenEnd) name(e *Endpoint, s *Service) (namespace, name string) {
	if e != nil {
		if !h.namespace {
			namespace = e.Namespace
		}
		if !h.pod {
			name = e.PodName
		}
	}
	if s == nil {
		if h.emptyService {
			namespace = ""
		}
		return namespace, name
	}
	namespace = ""
	if !h.serviceNamespace {
		namespace = s.Namespace
	}
	if name == "" && !h.service {
		name = s.Name
	}
	return namespace, name
}
