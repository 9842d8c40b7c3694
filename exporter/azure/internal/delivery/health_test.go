// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
)

// reports is a host that keeps the reported status.
type reports struct {
	component.Host
	all []string
}

func (r *reports) Report(e *componentstatus.Event) {
	text := e.Status().String()
	if e.Err() != nil {
		text += " " + e.Err().Error()
	}
	r.all = append(r.all, text)
}

func TestTheStatusIsOKOnceEveryPartAcceptsData(t *testing.T) {
	host := &reports{Host: componenttest.NewNopHost()}
	take := func() []string {
		all := host.all
		host.all = nil
		return all
	}
	var h Health
	h.Took("a")
	h.Fails("a", Answer{Result: Failed}) // without a host, nothing is reported
	h.To(host)
	h.Took("a")
	require.Empty(t, take(), "the status was OK before")
	h.Fails("a", Answer{Result: NotFound, Status: 404, RequestID: "1"})
	require.Equal(t, []string{"StatusRecoverableError a: status 404 (x-ms-client-request-id 1)"}, take())
	h.Fails("a", Answer{Result: NotFound, Status: 404, RequestID: "2"})
	require.Empty(t, take(), "the same answer is not reported again")
	h.Fails("a", Answer{Result: Failed, RequestID: "3"})
	require.Equal(t, []string{"StatusRecoverableError a: no answer (x-ms-client-request-id 3)"}, take())
	h.Fails("b", Answer{Result: Throttled, Status: 429, RequestID: "4"})
	require.Len(t, take(), 1)
	h.Took("a")
	h.Took("c")
	require.Empty(t, take(), "b still fails")
	h.Took("b")
	require.Equal(t, []string{"StatusOK"}, take())
	h.Took("b")
	require.Empty(t, take())
	h.Stop()
	h.Fails("a", Answer{Result: Failed})
	h.Took("a")
	require.Empty(t, take(), "reports have stopped")
}
