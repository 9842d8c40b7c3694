// SPDX-License-Identifier: Apache-2.0

package names

import (
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// applyService takes a service's addresses and ports.
func (s *Store) applyService(r *record, o *Object, a Arrival) {
	if r.service == nil {
		r.service = &flow.Service{Namespace: o.Service.Namespace, Name: o.Service.Name}
	}
	before := r.frontends
	r.frontends = make([]frontend, 0, len(o.Frontends))
	for _, f := range o.Frontends {
		f := frontend{f.Address, f.Port, f.Protocol}
		if slices.Contains(r.frontends, f) {
			continue
		}
		r.frontends = append(r.frontends, f)
		if slices.Contains(before, f) {
			continue
		}
		from := a.from(o.Since)
		if len(before) > 0 { // the object is older than this address of it
			from = a.at
		}
		if s.services.claim(f, r.service, from, a.exact(from), a.at, a.listed) {
			s.expiry.push(expiring{a.at, ended{frontend: f, service: true}})
		}
	}
	for _, f := range before {
		if !slices.Contains(r.frontends, f) && s.services.release(f, r.service, a.at, a.at) {
			s.expiry.push(expiring{a.at, ended{frontend: f, service: true}})
		}
	}
	size := frontendSize * int64(len(r.frontends)-len(before))
	r.size += size
	s.size += size
}

func sameService(a, b *flow.Service) bool { return *a == *b }
