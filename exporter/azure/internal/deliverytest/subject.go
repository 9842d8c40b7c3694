// SPDX-License-Identifier: Apache-2.0

// Package deliverytest has the tests that every exporter to Azure must pass, and their helpers. An exporter describes itself as a Kind, and the
// server of a test as a Server; both together are the Subject of a test. The tests send records of package recordtest and count what the
// server has accepted by EventOriginalUid.
package deliverytest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// Server is a server that stands in for a service.
type Server struct {
	// Host returns a host with an authenticator for the server.
	Host func() ingesttest.Host
	// Records makes n records with numbers from first on.
	Records func(first, n int) plog.Logs
	// Arrived counts the accepted records by EventOriginalUid.
	Arrived func() map[string]int
	// Calls returns the number of calls so far.
	Calls func() int
	// SetFault sets the fault of the server, or none.
	SetFault func(Fault)
	// Dropped is the exporter's counter of records that the server refused permanently.
	Dropped string
}

// Fault may answer a call instead of the server: before the body is read, or after the call's records were accepted. It reports whether it
// did.
type Fault func(w http.ResponseWriter, r *http.Request, accepted bool) bool

// Subject is an exporter to test, and the server that it sends to.
type Subject struct {
	Server
	// start starts an exporter without queue and retries. It ends with the test.
	start func(t *testing.T, o options) *running
	// startQueued starts an exporter with queue and retries on a host.
	startQueued func(t *testing.T, host component.Host, o options) exporter.Logs
}

// running is an exporter without queue and retries.
type running struct {
	*Observed
	Methods
}

// Methods are the methods of an exporter that tests call.
type Methods struct {
	Start    func(context.Context, component.Host) error
	Shutdown func(context.Context) error
	// Push sends records.
	Push func(context.Context, plog.Logs) error
	// Stop makes running pushes end early.
	Stop func()
	// Open opens the gates of calls, in place of waiting until they open by themselves.
	Open func()
	// Pause sets the pause after a call of which the service accepts nothing, and all other pauses.
	Pause func(misfit, other time.Duration)
}

// options are what a test changes in an exporter. Zero values change nothing.
type options struct {
	host    component.Host // of an exporter without queue; default: Server.Host
	storage *component.ID  // of the queue on disk
	letters string         // path of the file of dead letters
	timeout time.Duration  // of a call
	misfit  time.Duration  // see Methods.Pause
}
