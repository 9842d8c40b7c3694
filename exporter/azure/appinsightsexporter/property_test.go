// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

// troubled makes a server fail at random, in every way that it can, for a number of calls: whole calls, and single items.
func troubled(s *tracktest.Server, seed uint64, calls int64) *deliverytest.Trouble {
	trouble := deliverytest.NewTrouble(seed, calls)
	refused, plain := s.Verdict, s.Plain
	s.NeedAuth = true
	s.SetTokenLife(50 * time.Millisecond)
	s.Lock(func() {
		s.Verdict = func(i tracktest.Item) (int, string) {
			if status, words := refused(i); status != 0 {
				return status, words
			}
			// A refusal that names no items cannot say that one of them may be sent again.
			if !plain && trouble.Chance() == 0 && !trouble.Over() {
				return []int{408, 429, 439, 500, 503}[trouble.Chance()%5], "not now"
			}
			return 0, ""
		}
	})
	end := func() {
		s.SetTokenLife(0)
		setFault(s, nil)
	}
	setFault(s, trouble.Fault(end, func(n int, w http.ResponseWriter) bool {
		status := 0
		switch {
		case n < 15:
			w.Header().Set("Retry-After", "0.05")
			status = []int{402, 429, 439}[n%3]
		case n < 20:
			w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
			status = http.StatusServiceUnavailable
		case n < 32:
			status = []int{500, 503, 408, 403, 401, 413}[n%6]
		case n < 34: // a redirection to itself
			w.Header().Set("Location", s.URL)
			status = http.StatusTemporaryRedirect
		case n < 36: // a sign-in page
			fmt.Fprint(w, "<html>")
			return true
		default:
			return false
		}
		w.WriteHeader(status)
		return true
	}))
	return trouble
}

func TestEveryItemArrivesOnceWithoutFaults(t *testing.T) {
	s := tracktest.New(t)
	s.NeedAuth = true
	s.SetTokenLife(200 * time.Millisecond)
	deliverytest.EachArrivesOnce(t, subject(s, withAuth))
}

func TestNoItemIsLostWhateverTheServerDoes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := []func(testing.TB) *tracktest.Server{tracktest.New, tracktest.NewHTTP2}[seed%2](t)
			s.Verdict, s.Plain = bad(400, 77, 1500, 1501), seed >= 2
			troubled(s, seed, 120)
			deliverytest.NoneIsLost(t, subject(s, withAuth), 2000, 77, 1500, 1501)
		})
	}
}

func TestNoItemIsLostOverRestartsWithTheQueueOnDisk(t *testing.T) {
	t.Parallel()
	s := tracktest.New(t)
	s.Verdict = bad(400, 77, 1500)
	deliverytest.NoneIsLostOverRestarts(t, subject(s, withAuth), troubled(s, 7, 150), 77, 1500)
}

// A server that accepts the connection and never answers delays the end of the collector by at most one second.
func TestAShutdownDoesNotWaitForAnAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	deliverytest.ShutdownDoesNotWait(t, subject(tracktest.New(t), withAuth))
}
