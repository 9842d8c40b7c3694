// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// wrongAudience is an authenticator with the wrong scope: its tokens are for the host of the endpoint.
type wrongAudience struct {
	component.StartFunc
	component.ShutdownFunc
}

func (wrongAudience) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		claims := base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"https://` + r.URL.Host + `"}`))
		r.Header.Set("Authorization", "Bearer e30."+claims+".c2ln")
		return base.RoundTrip(r)
	}), nil
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATokenForAnotherAudienceIsLoggedBeforeTheServiceRefusesIt(t *testing.T) {
	s := ingesttest.New(t)
	for endpoint, want := range map[string]bool{"https://winnet.eastus-1.ingest.monitor.azure.com": true, s.URL: false} {
		e, o := kindFor(s).Start(t, ingesttest.Host{ingesttest.AuthID: wrongAudience{}}, func(c *Config) { c.Endpoint = endpoint })
		if want {
			e.AuditToken()
		}
		require.Equal(t, want, o.Said("give the authenticator the scope https://monitor.azure.com/.default"))
	}
}
