// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// sentinelFar is the Logs Ingestion API with one data collection rule, together with the endpoint that issues its
// tokens. The exporter's own tests have a server that is stricter about rows.
type sentinelFar struct{ httpFar }

const (
	sentinelRule     = "dcr-0123456789abcdef0123456789abcdef"
	sentinelPath     = "/dataCollectionRules/" + sentinelRule + "/streams/Custom-ASimDnsActivityLogs"
	sentinelLimit    = 1_000_000
	sentinelAudience = "https://monitor.azure.com"
)

func newSentinelFar(t *testing.T) *sentinelFar {
	far := &sentinelFar{}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token" && r.Header.Get("X-IDENTITY-HEADER") == identityHeader && r.URL.Query().Get("resource") == sentinelAudience:
			_ = json.NewEncoder(w).Encode(map[string]any{
				"access_token": otlpToken, "expires_on": time.Now().Add(24 * time.Hour).Unix(), "resource": sentinelAudience, "token_type": "Bearer",
			})
		case r.URL.Path == sentinelPath && r.URL.Query().Get("api-version") == "2023-01-01" && r.Header.Get("Authorization") == "Bearer "+otlpToken:
			far.take(w, r)
		default:
			http.Error(w, "no such thing, or not for you", http.StatusForbidden)
		}
	})
	return far
}

func (f *sentinelFar) take(w http.ResponseWriter, r *http.Request) {
	raw, err := body(r)
	if err != nil {
		return
	}
	var rows []struct {
		TimeGenerated time.Time
		DnsQuery      string
	}
	switch err := json.Unmarshal(raw, &rows); {
	case r.ContentLength < 0:
		http.Error(w, "no length", http.StatusLengthRequired)
	case len(raw) > sentinelLimit:
		http.Error(w, "larger than the endpoint takes", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		for _, row := range rows {
			f.addName(row.DnsQuery)
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *sentinelFar) env() []string {
	return []string{
		"AZURE_DCE_ENDPOINT=http://" + f.Addr().String(), "AZURE_DCR_ID=" + sentinelRule,
		"IDENTITY_ENDPOINT=http://" + f.Addr().String() + "/token", "IDENTITY_HEADER=" + identityHeader,
	}
}

func (f *sentinelFar) overlay() string { return "{}" }
