// SPDX-License-Identifier: Apache-2.0

// The search for refused rows, for a far end that accepts or refuses each call as a whole.

package delivery

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// Samples is the number of rows that are tried alone to find out whether the far end accepts any.
const Samples = 16

// Refusal is a row that was refused when it was sent alone.
type Refusal struct {
	Row    int32
	Answer Answer
}

// Search looks for the rows for which a target refused a call. It serves one call.
type Search struct {
	Target *Target
	// Send sends rows in one call. The answer is Accepted (Send marks the rows as done), Refused, or TooLarge; anything
	// else is an error.
	Send func(ctx context.Context, rows []int32) (Answer, error)
	// Done reports whether a row was accepted.
	Done func(row int32) bool
	// Wait returns how long nothing may be sent to the target, and why.
	Wait func() (time.Duration, error)
	// Begin is called before the search. It returns the first row as it was sent.
	Begin func() []byte
	// Drop is called for each row that was refused alone, if the target accepts others.
	Drop func(Refusal)

	// Fits is set if the target accepts rows, and Waits if nothing may be sent to it: then there was no search.
	Fits, Waits bool
	// Refused are the rows that were refused alone.
	Refused []Refusal

	early int // how many of Refused were refused before the target accepted any row of the call
}

// Start locks the target, runs the search, and drops the rows that were refused alone. If the target waits, because another push has found that
// it accepts none, the error is a WaitError.
func (s *Search) Start(ctx context.Context, ending *Ending, rows []int32, a Answer) error {
	unlock, err := s.Target.Lock(ctx, ending)
	if err != nil {
		return err
	}
	defer unlock()
	if wait, why := s.Wait(); wait > 0 {
		s.Waits = true
		return WaitError{Err: why, Wait: wait}
	}
	err = s.Run(ctx, rows, slices.Clone(s.Begin()), a)
	if s.Fits {
		for _, x := range s.Refused {
			s.Drop(x)
		}
	}
	return err
}

// Run searches among the rows of a call that was refused with an answer, until each row is accepted or refused alone.
// first is the first row as it was sent. If the target accepts no row of the call, the target is at fault: Fits stays
// false, no row may be dropped, and the target remembers the call. But if it has accepted other calls since it first
// refused this one whole, the rows are at fault. The caller must hold the target's lock.
func (s *Search) Run(ctx context.Context, rows []int32, first []byte, a Answer) error {
	s.Fits = s.Target.AcceptsOthers(first)
	err := s.again(ctx, s.run(ctx, rows, a))
	switch {
	case s.Fits:
		s.Target.Clear(first)
	case err == nil:
		s.Target.Suspect(first)
	}
	return err
}

func (s *Search) run(ctx context.Context, rows []int32, a Answer) error {
	if len(rows) == 1 {
		s.Refused = append(s.Refused, Refusal{rows[0], a})
		return nil
	}
	if !s.Fits && len(rows) > 2*Samples {
		if err := s.sample(ctx, rows); err != nil || !s.Fits {
			return err
		}
	}
	return s.halves(ctx, s.left(rows))
}

// again tries the rows once more that were refused before the target accepted any row of the call: until then it may have refused every row. If
// the search has ended with an error, a later search tries them.
func (s *Search) again(ctx context.Context, err error) error {
	early := slices.Clone(s.Refused[:s.early])
	s.Refused, s.early = s.Refused[s.early:], 0
	for _, x := range early {
		if err != nil {
			break
		}
		err = s.try(ctx, []int32{x.Row})
	}
	return err
}

// sample tries some rows alone. It chooses them at random, so that the next attempt chooses others.
func (s *Search) sample(ctx context.Context, rows []int32) error {
	for _, i := range rand.Perm(len(rows))[:Samples] {
		if err := s.try(ctx, rows[i:i+1]); err != nil || s.Fits {
			return err
		}
	}
	return nil
}

// left returns the rows that were neither accepted nor refused.
func (s *Search) left(rows []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(rows), func(i int32) bool {
		return s.Done(i) || slices.ContainsFunc(s.Refused, func(x Refusal) bool { return x.Row == i })
	})
}

// halves tries both halves of rows that were refused together, and their halves.
func (s *Search) halves(ctx context.Context, rows []int32) error {
	if len(rows) == 1 {
		return s.try(ctx, rows)
	}
	if len(rows) == 0 {
		return nil
	}
	for _, half := range [][]int32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		if err := s.try(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// try sends rows in one call. If they are refused, it tries halves, down to single rows.
func (s *Search) try(ctx context.Context, rows []int32) error {
	a, err := s.Send(ctx, rows)
	switch {
	case err != nil:
		return err
	case a.Result == Accepted:
		if !s.Fits {
			s.Fits, s.early = true, len(s.Refused)
		}
		return nil
	case len(rows) > 1:
		return s.halves(ctx, rows)
	case a.Result == Refused:
		s.Refused = append(s.Refused, Refusal{rows[0], a})
		return nil
	}
	return a
}
