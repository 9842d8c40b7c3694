// SPDX-License-Identifier: Apache-2.0

package playback

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// host is the collector, as far as a receiver sees it. It has no extensions. A receiver with replay.exit_when_done ends the collector when its
// files have been played: then ended is closed.
type host struct {
	ended chan struct{}
	once  sync.Once
}

func newHost() *host { return &host{ended: make(chan struct{})} }

// GetExtensions implements component.Host.
func (*host) GetExtensions() map[component.ID]component.Component { return nil }

// NotifyComponentStatusChange is how a component ends the collector that it is a part of: with a fatal error.
func (h *host) NotifyComponentStatusChange(_ *componentstatus.InstanceID, event *componentstatus.Event) {
	if event.Status() == componentstatus.StatusFatalError {
		h.once.Do(func() { close(h.ended) })
	}
}
