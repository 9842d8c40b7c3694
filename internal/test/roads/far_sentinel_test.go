// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sentinelFar is the Logs Ingestion API with some data collection rules, together with the endpoint that issues its
// tokens. The exporter's own tests have a server that is stricter about rows.
type sentinelFar struct {
	httpFar

	holding sync.Mutex
	holds   string // the rule whose calls are accepted and not answered
	held    int    // how many calls have not been answered
	uids    map[string]map[string]bool
}

// sentinelRule is the id of the n-th rule, of ten.
func sentinelRule(n int) string { return fmt.Sprintf("dcr-0123456789abcdef0123456789abcde%d", n) }

var sentinelPath = regexp.MustCompile(`^/dataCollectionRules/(dcr-0123456789abcdef0123456789abcde\d)/streams/Custom-ASimDnsActivityLogs$`)

const (
	sentinelLimit    = 1_000_000
	sentinelAudience = "https://monitor.azure.com"
)

func newSentinelFar(t *testing.T) *sentinelFar {
	far := &sentinelFar{uids: map[string]map[string]bool{}}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token" && r.Header.Get("X-IDENTITY-HEADER") == identityHeader && r.URL.Query().Get("resource") == sentinelAudience:
			_ = json.NewEncoder(w).Encode(map[string]any{
				"access_token": otlpToken, "expires_on": time.Now().Add(24 * time.Hour).Unix(), "resource": sentinelAudience, "token_type": "Bearer",
			})
		case sentinelPath.MatchString(r.URL.Path) && r.URL.Query().Get("api-version") == "2023-01-01" && r.Header.Get("Authorization") == "Bearer "+otlpToken:
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
		TimeGenerated    time.Time
		DnsQuery         string
		EventOriginalUid string
	}
	switch err := json.Unmarshal(raw, &rows); {
	case r.ContentLength < 0:
		http.Error(w, "no length", http.StatusLengthRequired)
	case len(raw) > sentinelLimit:
		http.Error(w, "larger than the endpoint takes", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		f.holding.Lock()
		for _, row := range rows {
			f.addName(row.DnsQuery)
			if f.uids[row.DnsQuery] == nil {
				f.uids[row.DnsQuery] = map[string]bool{}
			}
			f.uids[row.DnsQuery][row.EventOriginalUid] = true
		}
		hold := f.holds == sentinelPath.FindStringSubmatch(r.URL.Path)[1]
		if hold {
			f.held++
		}
		f.holding.Unlock()
		if hold {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// requireIdentifiers requires that rows of one event have one EventOriginalUid, and rows of different events have different ones.
func (f *sentinelFar) requireIdentifiers(t *testing.T) {
	t.Helper()
	f.holding.Lock()
	defer f.holding.Unlock()
	of := map[string]string{}
	for name, uids := range f.uids {
		require.Len(t, uids, 1, name)
		for uid := range uids {
			require.NotEmpty(t, uid)
			require.Empty(t, of[uid], "%s and %s have one identifier", name, of[uid])
			of[uid] = name
		}
	}
}

// hold makes it accept the calls of a rule and not answer them; with "" it answers again.
func (f *sentinelFar) hold(rule string) {
	f.holding.Lock()
	defer f.holding.Unlock()
	f.holds, f.held = rule, 0
}

func (f *sentinelFar) heldCalls() int {
	f.holding.Lock()
	defer f.holding.Unlock()
	return f.held
}

func (f *sentinelFar) env() []string { return f.envOf(0) }

// envOf is env for a collector that sends by the n-th rule.
func (f *sentinelFar) envOf(n int) []string {
	return []string{
		"AZURE_DCE_ENDPOINT=http://" + f.Addr().String(), "AZURE_DCR_ID=" + sentinelRule(n),
		"IDENTITY_ENDPOINT=http://" + f.Addr().String() + "/token", "IDENTITY_HEADER=" + identityHeader,
	}
}

func (f *sentinelFar) overlay() string { return "{}" }
