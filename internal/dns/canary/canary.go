// SPDX-License-Identifier: Apache-2.0

// Package canary asks a watched DNS for names of its own and finds out whether their events come. In come a name and, from the worker, the
// names that events have; out come the verdicts: an event did not come, or comes again.
//
// Each try asks for a new name, such as winnet-0123456789abcdef.canary.example.com, so that no cache answers it and its events differ from
// all others. Only the names of the last tries count as own, so that nobody can hide queries behind the canary's name.
package canary

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

const (
	labelPrefix = "winnet-"
	labelLength = len(labelPrefix) + 16
	// recent is how many tries are remembered: their events may come late, and several times.
	recent = 64
	// patience is how long an event may take: buffers.flush_interval, and the time that events wait before the worker.
	patience = 30 * time.Second
	// lookAgain is the time between two looks whether the worker has caught up.
	lookAgain = time.Second
)

// Settings configures a Canary.
type Settings struct {
	Name     string        // the parent of the names that are asked for
	Interval time.Duration // between two tries
	// Ask asks for a name and returns why no answer came. A negative answer is an answer.
	Ask func(ctx context.Context, name string) error
	// Handled reports whether the worker has handled every event that was received up to a time. Until then a missing event may still be in
	// the queue.
	Handled func(until time.Time) bool
	// Missing is called when the event of a try did not come. Came is called when it did; delay is the time from the query to the event.
	Missing func(message string)
	Came    func(delay time.Duration)
}

// Stats counts tries and events. All fields may be read from any goroutine.
type Stats struct {
	Events  atomic.Int64 // of own names
	Missing atomic.Int64 // tries whose event did not come
	delay   atomic.Int64 // ns, of the last try whose event came; 0 before
}

// Delay returns the delay of the last try whose event came. ok is false before the first one.
func (s *Stats) Delay() (d time.Duration, ok bool) {
	d = time.Duration(s.delay.Load())
	return d, d > 0
}

// Canary asks in the name of one provider.
type Canary struct {
	Settings
	Stats  Stats
	suffix string // of own names, folded, with the dot

	mu     sync.Mutex
	own    [recent]string // labels, oldest at next
	next   int
	waited string         // the label whose event is awaited; "" if none is
	came   chan time.Time // gets the time at which that event was received
}

// CheckName returns an error for a text that cannot be the parent of the canary's names.
func CheckName(name string) error {
	if err := configyaml.HostName(name); err != nil {
		return err
	}
	const longest = 253 - labelLength - 1
	if n := len(strings.TrimSuffix(name, ".")); n > longest {
		return fmt.Errorf("it has %d bytes; at most %d are allowed, since a label goes in front", n, longest)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if len(label) > 63 {
			return fmt.Errorf("the label %.20q… has %d bytes; at most 63 are allowed", label, len(label))
		}
	}
	for _, c := range []byte(name) {
		if c >= 0x80 {
			return fmt.Errorf("%q has letters that no DNS name has; want its ASCII form (xn--…)", name)
		}
	}
	return nil
}

// New returns a Canary, which asks once it is run.
func New(s Settings) *Canary {
	return &Canary{Settings: s, suffix: "." + string(dns.Fold([]byte(s.Name))), came: make(chan time.Time, 1)}
}

// Run asks again and again until stop is closed.
func (c *Canary) Run(stop <-chan struct{}) {
	ticker := time.NewTicker(c.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.try(stop)
		case <-stop:
			return
		}
	}
}

// try asks once, waits for the event, and reports.
func (c *Canary) try(stop <-chan struct{}) {
	label := c.begin()
	name := label + c.suffix + "."
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	asked, answered := time.Now(), make(chan error, 1)
	var asking sync.WaitGroup
	asking.Go(func() { answered <- c.Ask(ctx, name) })
	defer asking.Wait()
	defer cancel()
	var failed error
	wait := time.NewTimer(patience)
	defer wait.Stop()
	for answer := answered; ; {
		select {
		case failed = <-answer:
			answer = nil
		case at := <-c.came:
			delay := max(at.Sub(asked), 1)
			c.Stats.delay.Store(int64(delay))
			c.Came(delay)
			return
		case <-stop:
			return
		case <-wait.C:
			if !c.Handled(asked.Add(patience)) {
				wait.Reset(lookAgain)
				continue
			}
			if c.giveUp() {
				c.Stats.Missing.Add(1)
				c.Missing(missing(name, failed))
				return
			}
			wait.Reset(0) // it has just come
		}
	}
}

// missing returns the message for an event that did not come.
func missing(name string, failed error) string {
	text := fmt.Sprintf("no event of the query for %s came within %v", name, patience)
	if failed != nil {
		text += fmt.Sprintf("; the query itself had no answer: %v", failed)
	}
	return text
}

// begin makes a new name the awaited one.
func (c *Canary) begin() (label string) {
	var random [8]byte
	_, _ = rand.Read(random[:]) // it never fails
	label = labelPrefix + hex.EncodeToString(random[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.came: // of a try that was given up
	default:
	}
	c.own[c.next] = label
	c.next = (c.next + 1) % recent
	c.waited = label
	return label
}

// giveUp ends the waiting. It reports false if the event has come meanwhile.
func (c *Canary) giveUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited == "" {
		return false
	}
	c.waited = ""
	return true
}

// See reports whether an event belongs to one of the canary's own queries. name is the event's name, folded. Set counts if the event is of
// the provider that the canary watches. received is the time at which the event was received.
func (c *Canary) See(name []byte, counts bool, received time.Time) bool {
	if len(name) != labelLength+len(c.suffix) || !bytes.HasPrefix(name, []byte(labelPrefix)) || string(name[labelLength:]) != c.suffix {
		return false
	}
	label := string(name[:labelLength])
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, own := range c.own {
		if own != label {
			continue
		}
		if counts {
			c.Stats.Events.Add(1)
			if c.waited == label {
				c.waited = ""
				c.came <- received
			}
		}
		return true
	}
	return false
}
