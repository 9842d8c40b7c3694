// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// Health reports the status of an exporter to its host: a recoverable error while any part of the far end does not
// accept data. The zero value reports to nobody. It is safe for concurrent use.
type Health struct {
	mu      sync.Mutex
	host    component.Host
	failing map[string]string // the last error of each failing part, in short
}

// To sets the host.
func (h *Health) To(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host, h.failing = host, map[string]string{}
}

// Took reports that a part has accepted data.
func (h *Health) Took(part string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, failed := h.failing[part]; !failed {
		return
	}
	delete(h.failing, part)
	if len(h.failing) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// Fails reports that a part does not accept data. An answer that is the same as the last one is not reported again.
func (h *Health) Fails(part string, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	what := a.Result.String() + a.Code
	if h.host == nil || h.failing[part] == what {
		return
	}
	h.failing[part] = what
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(errors.New(part+": "+a.Error())))
}

// Stop ends all reports: failures during the shutdown are not the far end's fault.
func (h *Health) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host, h.failing = nil, nil
}
