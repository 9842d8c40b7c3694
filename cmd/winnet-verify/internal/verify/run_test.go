// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// probe makes a probe for these tests.
func probe(name string, run func(context.Context, *env) outcome) Probe {
	return Probe{Name: name, limit: within(time.Minute), run: run}
}

func passes(context.Context, *env) outcome { return outcome{verdict: Pass, found: "as expected"} }

func TestAPanicAndAProbeThatHangsAreTheirOwnFailuresAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		undone := []string{}
		undo := func(name string, err error) func(context.Context) error {
			return func(context.Context) error { undone = append(undone, name); return err }
		}
		report := runAll(t.Context(), Options{System: ThisSystem()}, []Probe{
			probe("panics", func(_ context.Context, e *env) outcome {
				e.later(undo("first", nil))
				e.later(undo("second", nil))
				panic("oh")
			}),
			probe("hangs", func(_ context.Context, e *env) outcome {
				e.later(undo("hangs", nil))
				<-end
				e.later(undo("late", nil))
				return outcome{verdict: Pass}
			}),
			probe("stays", func(_ context.Context, e *env) outcome {
				e.later(undo("stays", errors.New("it stays")))
				return passes(context.Background(), e)
			}),
			probe("good", passes),
		})
		var verdicts []Verdict
		for _, r := range report.Probes {
			verdicts = append(verdicts, r.Verdict)
		}
		assert.Equal(t, []Verdict{Fail, Fail, Fail, Pass}, verdicts)
		assert.Equal(t, "the probe panicked: oh", report.Probes[0].Found)
		assert.Equal(t, "the probe did not end within 1m0s", report.Probes[1].Found)
		assert.Contains(t, report.Probes[2].Found, "a change was not undone: it stays")
		assert.Equal(t, map[Verdict]int{Fail: 3, Pass: 1}, report.Summary)
		assert.Equal(t, 61.0, report.Probes[1].Seconds)
		close(end)
		synctest.Wait()
		assert.Equal(t, []string{"second", "first", "hangs", "stays", "late"}, undone, "what comes late is undone too")
	})
}

func TestAReportCountsWhatWasNotRun(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cut := func(_ context.Context, e *env) outcome {
		cancel(errors.New("interrupted"))
		return passes(context.Background(), e)
	}
	report := runAll(ctx, Options{System: ThisSystem()}, []Probe{probe("one", passes), probe("two", cut), probe("three", passes)})
	require.Equal(t, map[Verdict]int{Pass: 1, Unknown: 2}, report.Summary)
	require.False(t, report.Failed())
}

func TestTextsLoseWhatIdentifiesAHost(t *testing.T) {
	s := Secrets{"srv01": "host", "srv01.corp.example.com": "host", "bob": "user", "corp": "domain"}
	for text, want := range map[string]string{
		"SRV01 asked 192.0.2.1":                  "<host> asked <address>",
		"srv01.corp.example.com.":                "<host>.",
		`CORP\Bob`:                               `<domain>\<user>`,
		"bobsled and corporate":                  "bobsled and corporate",
		"[2001:db8::1]:53":                       "[<address>]:53",
		"::1 and fe80::1":                        "<address> and <address>",
		"192.0.2.1:53: refused":                  "<address>: refused",
		"10.0.26100":                             "10.0.26100",
		"12:30:11":                               "12:30:11",
		"S-1-5-21-1-2-3-500":                     "S-1-5-21-<account>",
		"00-15-5D-01-02-03":                      "<hardware address>",
		`open C:\Users\Ada Lovelace\x: no`:       `open C:\Users\<user>\x: no`,
		"0x8000000000000FFF, 256 and 257":        "0x8000000000000FFF, 256 and 257",
		"{EB79061A-A566-4698-9119-3ED2807060E7}": "{EB79061A-A566-4698-9119-3ED2807060E7}",
	} {
		assert.Equal(t, want, s.text(text))
	}
}

func TestThePinsAreThoseOfTheReceiversDefaults(t *testing.T) {
	cfg := ciliumwindowsreceiver.NewFactory().CreateDefaultConfig().(*ciliumwindowsreceiver.Config)
	require.Equal(t, cfg.EventsMap, eventsPin)
	require.Equal(t, cfg.ObservabilityConfigMap, configPin)
}

func TestFailureActionsAreReadAsTheRegistryHasThem(t *testing.T) {
	b := append(make([]byte, 12), 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xE8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	actions, err := failureActions(b)
	require.NoError(t, err)
	require.Equal(t, []action{{1, time.Second}, {0, 0}}, actions)
	for n := range len(b) {
		_, err := failureActions(b[:n])
		require.Equal(t, n > 0 && n < 20, err != nil, "%d bytes", n)
	}
}

// Windows ends a program 5 s after its console, its session or the host has ended.
func TestACutOffRunUndoesItsChangesWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		at := time.Now()
		hang := make(chan struct{})
		report := runAll(ctx, Options{System: ThisSystem()}, []Probe{probe("hangs", func(_ context.Context, e *env) outcome {
			e.later(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			time.Sleep(time.Second)
			at = time.Now()
			cancel(errors.New("terminated"))
			<-hang
			return outcome{}
		})})
		require.Less(t, time.Since(at), 5*time.Second)
		require.Contains(t, report.Probes[0].Found, "cut off: terminated; a change was not undone")
		close(hang)
	})
}
