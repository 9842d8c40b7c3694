// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

// redirecting makes a server redirect calls, and counts them.
func redirecting(s *tracktest.Server, status int, location func() string) (met *int) {
	met = new(int)
	setFault(s, deliverytest.Answers(-1, func(w http.ResponseWriter, _ *http.Request) {
		*met++
		w.Header().Set("Location", location())
		w.WriteHeader(status)
	}))
	return met
}

// both makes the client trust two servers.
func both(other *tracktest.Server) func(*Config) {
	return func(c *Config) { c.TLS.CAPem += configopaque.String("\n" + other.CertificatePEM()) }
}

func TestCallsFollowTheStampAndLaterOnesGoThereAtOnce(t *testing.T) {
	for _, status := range []int{307, 308} {
		for _, path := range []string{"/v2.1/track", "", "/"} {
			global, stamp := tracktest.New(t), tracktest.New(t)
			met := redirecting(global, status, func() string { return stamp.URL + path })
			r := newRig(t, global, both(stamp))
			for i := range 5 {
				require.NoError(t, r.push(context.Background(), now(10*i, 10)))
			}
			requireOnce(t, stamp, 50)
			require.Equal(t, 1, *met)
		}
	}
}

func TestAStampThatFailsIsForgotten(t *testing.T) {
	global, stamp, next := tracktest.New(t), tracktest.New(t), tracktest.New(t)
	to := stamp
	redirecting(global, 308, func() string { return to.URL + "/v2.1/track" })
	r := newRig(t, global, func(c *Config) { both(stamp)(c); both(next)(c) })
	require.NoError(t, r.push(context.Background(), now(0, 10)))
	setFault(stamp, deliverytest.Answers(-1, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	to = next
	require.Error(t, r.push(context.Background(), now(10, 10)))
	require.NoError(t, r.push(context.Background(), now(10, 10)))
	require.Len(t, next.Items(), 10)
}

func TestACallThatIsRedirectedInACircleIsKeptAndTheNextOneBeginsAnew(t *testing.T) {
	one, other := tracktest.New(t), tracktest.New(t)
	metOne := redirecting(one, 307, func() string { return other.URL })
	metOther := redirecting(other, 307, func() string { return one.URL })
	r := newRig(t, one, both(other))
	r.Pauses.Misfit = time.Hour
	logs := now(0, 10)
	err := r.push(context.Background(), logs)
	require.Equal(t, 10, deliverytest.Rest(t, err, logs).LogRecordCount())
	require.ErrorContains(t, err, "it was redirected 5 times")
	require.ErrorContains(t, err, "Throttle (1h0m0s)")
	require.Equal(t, 6, *metOne+*metOther)
	setFault(one, nil)
	open(r.insights)
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, one, 10)
}

func TestARedirectionToAnInvalidAddressIsNotFollowed(t *testing.T) {
	for _, location := range []string{"", "http://127.0.0.1:1/v2.1/track", "ftp://a/", "https://", "//", "https://u:p@127.0.0.1:1/", "https://127.0.0.1:1/#x", "%zz", "mailto:a@b"} {
		s := tracktest.New(t)
		redirecting(s, 307, func() string { return location })
		r := newRig(t, s, nil)
		logs := now(0, 10)
		require.Equal(t, 10, deliverytest.Rest(t, r.push(context.Background(), logs), logs).LogRecordCount(), location)
		if location != "%zz" { // net/http reports an error for it and returns no answer
			require.True(t, r.Said("does not come from this service"), location)
		}
	}
}

// A redirection to another server would give it the token.
func TestATokenIsSentOnToTheSameCloudOnly(t *testing.T) {
	for _, c := range []struct {
		from, to string
		secret   bool
		ok       bool
	}{
		{"https://dc.services.visualstudio.com/v2.1/track", "https://westeurope-5.in.applicationinsights.azure.com/v2.1/track", true, true},
		{"https://dc.services.visualstudio.com/v2.1/track", "https://westeurope-5.in.applicationinsights.azure.com.evil.example/v2.1/track", true, false},
		{"https://dc.services.visualstudio.com/v2.1/track", "https://evil.example/v2.1/track", true, false},
		{"https://dc.services.visualstudio.com/v2.1/track", "https://evil.example/v2.1/track", false, true},
		{"https://dc.services.visualstudio.com/v2.1/track", "https://a.in.applicationinsights.azure.cn/v2.1/track", true, false},
		{"https://dc.services.visualstudio.com/v2.1/track", "http://dc.services.visualstudio.com/v2.1/track", false, false},
		{"https://proxy.example/v2.1/track", "https://other.example/v2.1/track", true, false},
		{"https://proxy.example/v2.1/track", "https://proxy.example/elsewhere", true, true},
		{"http://127.0.0.1:1/v2.1/track", "http://127.0.0.1:2/v2.1/track", true, true},
		{"http://127.0.0.1:1/v2.1/track", "http://a.example/v2.1/track", false, false},
		{"http://127.0.0.1:1/v2.1/track", "https://a.example/v2.1/track", false, false},
	} {
		s := tracktest.New(t)
		r := newRig(t, s, func(cfg *Config) {
			if c.secret {
				withAuth(cfg)
			}
		})
		from, err := url.Parse(c.from)
		require.NoError(t, err)
		to, err := url.Parse(c.to)
		require.NoError(t, err)
		require.Equal(t, c.ok, r.mayRedirect(from, to) == nil, "%+v", c)
	}
}
