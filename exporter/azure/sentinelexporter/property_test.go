// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// troubled makes a server fail at random, in every way that it can, for a number of calls.
func troubled(s *ingesttest.Server, seed uint64, calls int64) *deliverytest.Trouble {
	trouble := deliverytest.NewTrouble(seed, calls)
	s.SetTokenLife(50 * time.Millisecond)
	end := func() {
		s.SetTokenLife(0)
		setFault(s, nil)
	}
	setFault(s, trouble.Fault(end, func(n int, w http.ResponseWriter) bool {
		switch {
		case n < 15:
			w.Header().Set("Retry-After", "0.05")
			ingesttest.Refuse(w, http.StatusTooManyRequests, "RateLimitExceeded", "slower")
		case n < 20:
			w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
			ingesttest.Refuse(w, http.StatusServiceUnavailable, "ServerBusy", "busy")
		case n < 25:
			ingesttest.Refuse(w, http.StatusInternalServerError, "InternalError", "oops")
		case n < 28:
			ingesttest.Refuse(w, http.StatusForbidden, "OperationFailed", "does not have access")
		case n < 31:
			ingesttest.Refuse(w, http.StatusUnauthorized, "AuthenticationFailed", "no")
		case n < 33:
			ingesttest.Refuse(w, http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", "too large")
		default:
			return false
		}
		return true
	}))
	return trouble
}

func TestEveryRowArrivesOnceWithoutFaults(t *testing.T) {
	for _, body := range []string{bodyUncompressed, bodyCompressed} {
		s := ingesttest.New(t)
		if body == bodyCompressed {
			s.LimitUncompressed = 0
		}
		s.SetTokenLife(200 * time.Millisecond)
		deliverytest.EachArrivesOnce(t, subject(s, func(c *Config) { c.Limits.Body = body }))
	}
}

func TestNoRowIsLostWhateverTheServerDoes(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := []func(testing.TB) *ingesttest.Server{ingesttest.New, ingesttest.NewHTTP2}[seed%2](t)
			s.Refuse = bad(77, 1500, 1501)
			troubled(s, seed, 150)
			twoRules := func(c *Config) { c.RuleID = append(c.RuleID, "dcr-ffffffffffffffffffffffffffffffff") }
			deliverytest.NoneIsLost(t, subject(s, twoRules), 3000, 77, 1500, 1501)
		})
	}
}

func TestNoRowIsLostOverRestartsWithTheQueueOnDisk(t *testing.T) {
	t.Parallel()
	s := ingesttest.New(t)
	s.Refuse = bad(77, 1500)
	deliverytest.NoneIsLostOverRestarts(t, subject(s, nil), troubled(s, 7, 200), 77, 1500)
}

// A server that accepts the connection and never answers delays the end of the collector by at most one second.
func TestAShutdownDoesNotWaitForAnAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	deliverytest.ShutdownDoesNotWait(t, subject(ingesttest.New(t), nil))
}
