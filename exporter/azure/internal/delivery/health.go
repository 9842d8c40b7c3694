// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// Health reports the status of an exporter to its host: a recoverable error from when a part of the far end does not take what it is sent until all parts do. The
// zero value reports to nobody. It is safe for concurrent use.
type Health struct {
	mu      sync.Mutex
	host    component.Host
	failing map[string]string // what each part that fails has said last, in short
}

// To gives the host.
func (h *Health) To(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host, h.failing = host, map[string]string{}
}

// Took says that a part has taken what it was sent.
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

// Fails says that a part does not take what it is sent. The same answer again is not reported again.
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

// Stop ends all reports: what fails since the exporter stops is no fault of the far end.
func (h *Health) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host, h.failing = nil, nil
}
