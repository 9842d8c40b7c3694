// SPDX-License-Identifier: Apache-2.0

// Status records of what the session's supervisor notices.

package asimdnsreceiver

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// The EventType of security records.
const (
	typeSessionStopped   = "SessionStopped"
	typeSessionChanged   = "SessionChanged"
	typeProviderDisabled = "ProviderDisabled"
	typeProviderChanged  = "ProviderChanged"
)

// reading reports whether the session runs.
func (r *dnsReceiver) reading() bool {
	supervisor := r.supervisor.Load()
	return supervisor != nil && supervisor.Running()
}

// raiseStopped reports that the session was stopped. Failed attempts to start it again are part of the same stop.
func (r *dnsReceiver) raiseStopped(name string, err error) {
	r.Status.Raise(status.Security, typeSessionStopped, name, fmt.Sprintf("the ETW session %s has ended, and no event comes until it is started again: %v", name, err))
}

func (r *dnsReceiver) clearStopped(name string) {
	r.Status.Clear(status.Security, typeSessionStopped, name, fmt.Sprintf("the ETW session %s runs again", name))
}

// found reports what a look at the session found.
func (r *dnsReceiver) found(name string, f session.Findings) {
	r.Status.Set(typeSessionChanged, name, f.Session)
	for _, p := range f.Providers {
		r.Status.Set(typeProviderDisabled, p.Name, p.Disabled)
		r.Status.Set(typeProviderChanged, p.Name, p.Changed)
	}
}
