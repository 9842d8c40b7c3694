// SPDX-License-Identifier: Apache-2.0

package user

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// sidOf returns a different SID for each n.
func sidOf(n int) etw.SID { return etw.SID{1, 1, 0, 0, 0, 0, 0, 5, byte(n), byte(n >> 8), 0, 0} }

// hosts is a resolver by text. A test in a synctest bubble reads asked after synctest.Wait.
type hosts struct {
	names map[string][2]string
	asked []string
	delay time.Duration
}

func (h *hosts) Account(sid etw.SID) (domain, name string, err error) {
	h.asked = append(h.asked, sid.String())
	time.Sleep(h.delay)
	if found, ok := h.names[sid.String()]; ok {
		return found[0], found[1], nil
	}
	return "", "", errors.New("none")
}

// ask returns what is known at once, and what is known when the host has answered.
func (h *hosts) ask(n *Names, sid etw.SID) (now, then [2]string) {
	now[0], now[1] = n.Account(sid)
	synctest.Wait()
	then[0], then[1] = n.Account(sid)
	return now, then
}

func run(t *testing.T, h *hosts, do func(t *testing.T, n *Names)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := NewNames(h)
		defer n.Close(t.Context())
		do(t, n)
	})
}

func TestAnAccountIsAskedForOnceAndNobodyWaits(t *testing.T) {
	h := &hosts{names: map[string][2]string{"S-1-5-18": {"NT AUTHORITY", "SYSTEM"}, "S-1-5-1": {"", "Everyone"}, "S-1-5-2": {"A\xff", "B"}}}
	run(t, h, func(t *testing.T, n *Names) {
		for sid, want := range map[byte][2]string{18: {`NT AUTHORITY\SYSTEM`, Windows}, 1: {"Everyone", Simple}, 2: {"A\uFFFD\\B", Windows}} {
			now, then := h.ask(n, sidOf(int(sid)))
			require.Equal(t, [2]string{}, now)
			require.Equal(t, want, then)
		}
		require.Len(t, h.asked, 3)
	})
}

func TestAHostThatTakesLongKeepsNobodyWaiting(t *testing.T) {
	h := &hosts{delay: time.Hour, names: map[string][2]string{"S-1-5-18": {"NT AUTHORITY", "SYSTEM"}}}
	run(t, h, func(t *testing.T, n *Names) {
		before := time.Now()
		for i := range 3 * maxWaiting {
			name, _ := n.Account(sidOf(i))
			require.Empty(t, name)
		}
		require.Equal(t, before, time.Now())
		require.LessOrEqual(t, len(n.wanted), maxWaiting)
		synctest.Wait() // the first question is under way
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		n.Close(ctx)
		require.Equal(t, time.Second, time.Since(before), "the question that is under way is not waited for")
		synctest.Wait()
		require.Len(t, h.asked, 1)
		time.Sleep(time.Hour) // its answer comes, and nothing more is asked
		synctest.Wait()
		require.Len(t, h.asked, 1)
		name, _ := n.Account(sidOf(18))
		require.Empty(t, name)
	})
}

func TestAnAccountThatIsNotFoundIsTriedAgainLater(t *testing.T) {
	h := &hosts{names: map[string][2]string{}}
	run(t, h, func(t *testing.T, n *Names) {
		_, then := h.ask(n, sidOf(9))
		require.Equal(t, [2]string{}, then)
		time.Sleep(retryAfter - 1)
		h.ask(n, sidOf(9))
		require.Len(t, h.asked, 1)
		h.names["S-1-5-9"] = [2]string{"CORP", "alice"}
		time.Sleep(time.Nanosecond)
		_, then = h.ask(n, sidOf(9))
		require.Equal(t, [2]string{`CORP\alice`, Windows}, then)
	})
}

func TestARenamedAccountKeepsItsNameUntilItHasAnother(t *testing.T) {
	h := &hosts{names: map[string][2]string{"S-1-5-9": {"CORP", "alice"}}}
	run(t, h, func(t *testing.T, n *Names) {
		h.ask(n, sidOf(9))
		h.names["S-1-5-9"] = [2]string{"CORP", "bob"}
		time.Sleep(askAgainAfter)
		now, then := h.ask(n, sidOf(9))
		require.Equal(t, `CORP\alice`, now[0])
		require.Equal(t, `CORP\bob`, then[0])
		delete(h.names, "S-1-5-9")
		time.Sleep(askAgainAfter)
		_, then = h.ask(n, sidOf(9))
		require.Equal(t, `CORP\bob`, then[0], "an account that is gone")
	})
}

func TestTheNumberOfAccountsIsBounded(t *testing.T) {
	h := &hosts{names: map[string][2]string{"S-1-5-7": {"CORP", "seven"}}}
	run(t, h, func(t *testing.T, n *Names) {
		h.ask(n, sidOf(7))
		for i := range 3 * maxAccounts {
			time.Sleep(time.Nanosecond)
			n.Account(sidOf(1000 + i))
			name, _ := n.Account(sidOf(7))
			require.Equal(t, `CORP\seven`, name, "what is in use stays")
			synctest.Wait()
		}
		require.Len(t, n.known, maxAccounts)
		name, kind := n.Account(make(etw.SID, etw.MaxSIDSize+1))
		require.Empty(t, name+kind)
	})
}

func TestAKnownAccountCostsNoAllocation(t *testing.T) {
	h := &hosts{names: map[string][2]string{"S-1-5-18": {"NT AUTHORITY", "SYSTEM"}}}
	n := NewNames(h)
	defer n.Close(t.Context())
	sid := sidOf(18)
	n.Account(sid)
	require.Zero(t, testing.AllocsPerRun(100, func() { n.Account(sid) }))
}
