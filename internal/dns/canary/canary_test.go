// SPDX-License-Identifier: Apache-2.0

package canary

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is what a canary sees.
type world struct {
	*Canary
	asked   chan string
	handled bool
	err     error
	missing []string
	came    []time.Duration
}

// newWorld starts a canary. What change sets is set before it runs.
func newWorld(t *testing.T, interval time.Duration, change ...func(*world)) *world {
	w := &world{asked: make(chan string, 100), handled: true}
	for _, f := range change {
		f(w)
	}
	w.Canary = New(Settings{
		Name: "Canary.Example.com.", Interval: interval,
		Ask:     func(_ context.Context, name string) error { w.asked <- name; return w.err },
		Handled: func(time.Time) bool { return w.handled },
		Missing: func(message string) { w.missing = append(w.missing, message) },
		Came:    func(d time.Duration) { w.came = append(w.came, d) },
	})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); w.Run(stop) }()
	t.Cleanup(func() { close(stop); <-done })
	return w
}

func folded(name string) []byte { return []byte(strings.TrimSuffix(name, ".")) }

func TestEachTryAsksForAnotherNameAndItsEventIsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute)
		first := <-w.asked
		require.Regexp(t, `^winnet-[0-9a-f]{16}\.canary\.example\.com\.$`, first)
		time.Sleep(2 * time.Second)
		require.True(t, w.See(folded(first), true, time.Now()))
		require.True(t, w.See(folded(first), true, time.Now()), "the response too")
		second := <-w.asked
		require.NotEqual(t, first, second)
		require.Equal(t, []time.Duration{2 * time.Second}, w.came)
		require.True(t, w.See(folded(first), true, time.Now()), "a late one")
		require.True(t, w.See(folded(second), true, time.Now()))
		synctest.Wait()
		require.EqualValues(t, 4, w.Stats.Events.Load())
		require.Empty(t, w.missing)
		delay, ok := w.Stats.Delay()
		require.True(t, ok)
		require.Less(t, delay, time.Second)
	})
}

func TestAnEventThatDoesNotComeIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute, func(w *world) { w.err = errors.New("no server") })
		name := <-w.asked
		time.Sleep(patience - 1)
		synctest.Wait()
		require.Empty(t, w.missing)
		require.True(t, w.See(folded(name), false, time.Now()), "another provider's event is own, and shows nothing about this one")
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		require.Len(t, w.missing, 1)
		require.Contains(t, w.missing[0], name)
		require.Contains(t, w.missing[0], "no server")
		require.EqualValues(t, 1, w.Stats.Missing.Load())
		require.Zero(t, w.Stats.Events.Load())
		require.True(t, w.See(folded(name), true, time.Now()), "it comes late")
		w.See(folded(<-w.asked), true, time.Now())
		synctest.Wait()
		require.Len(t, w.came, 1, "the late one is not the second try's")
	})
}

// Behind a blocked exporter events wait: that is no blindness.
func TestAnEventThatMayStillWaitInTheQueueIsNotMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute, func(w *world) { w.handled = false })
		name := <-w.asked
		asked := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Empty(t, w.missing)
		require.Empty(t, w.asked, "and it does not ask again")
		w.See(folded(name), true, asked.Add(time.Second))
		synctest.Wait()
		require.Equal(t, []time.Duration{time.Second}, w.came, "when it was received, not when it was handled")
	})
}

func TestOnlyTheNamesOfTheLastTriesAreOwn(t *testing.T) {
	c := New(Settings{Name: "canary.example.com"})
	first := c.begin()
	own := func(name string) bool { return c.See([]byte(name), true, time.Now()) }
	require.True(t, own(first+".canary.example.com"))
	for _, name := range []string{
		"winnet-0123456789abcdef.canary.example.com", "canary.example.com", "a." + first + ".canary.example.com", first + ".canary.example.org", first, "",
	} {
		require.False(t, own(name), name)
	}
	for range recent {
		c.begin()
	}
	require.False(t, own(first+".canary.example.com"))
}

func TestANameThatCannotBeAskedForIsRefused(t *testing.T) {
	for name, ok := range map[string]bool{
		"canary.example.com": true, "canary.example.com.": true, "a": true,
		"": false, "a..b": false, "a b": false, "ä.example.com": false, strings.Repeat("a", 64): false,
		strings.Repeat("a.", 114) + "a": true, strings.Repeat("a.", 115) + "a": false,
	} {
		assert.Equal(t, ok, CheckName(name) == nil, "%q: %v", name, CheckName(name))
	}
}
