// SPDX-License-Identifier: Apache-2.0

// Package filter decides which DNS events are wanted, before anything is made of them: by rules in the terms of Microsoft's
// own connector (Windows DNS Events via AMA), by a few switches for what is commonly noise, and by dropping repetitions.
package filter

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// Config is the receiver's `filters` section.
type Config struct {
	// Exclude are rules for events that are not wanted. Default none.
	Exclude []Rule `mapstructure:"exclude"`
	// Include are rules for the events that are wanted: with any, an event that matches none is not wanted, and one that
	// matches is, unless a rule of Exclude matches it too. Default none, and every event is wanted.
	Include []Rule `mapstructure:"include"`
}

// Rule gives values to look for, by the field of the record to look in; table has them. A value may hold several between commas. An event
// matches when each of the fields has one of its values. An event whose record would not have one of the fields does not match.
type Rule map[string][]string

// Noise is the receiver's keys beside the rules. None of them filters anything by default.
type Noise struct {
	// IncludeInfoEvents keeps events that only inform, such as the DNS Client's 1001: part of no query, no change of a
	// server's data, no warning and no error. Default true.
	IncludeInfoEvents bool `mapstructure:"include_info_events"`
	// ExcludedEventIDs are the ids of events that are not wanted. Default none.
	ExcludedEventIDs []int `mapstructure:"excluded_event_ids"`
	// ExcludedDomains are queried names that are not wanted, in which "*" is any text and "?" any character. Default none.
	ExcludedDomains []string `mapstructure:"excluded_domains"`
	// ExcludeAAAARecords drops the events of queries for AAAA records. Default false.
	ExcludeAAAARecords bool `mapstructure:"exclude_aaaa_records"`
	// EnableDeduplication drops an event that repeats another one within the window. Default false.
	EnableDeduplication bool `mapstructure:"enable_deduplication"`
	// DeduplicationWindow is how long after an event its repetitions are dropped, by the events' own time. Default 300s.
	DeduplicationWindow time.Duration `mapstructure:"deduplication_window"`
}

// Bounds of DeduplicationWindow.
const (
	defaultWindow = 300 * time.Second
	maxWindow     = 24 * time.Hour
)

// DefaultNoise filters nothing.
func DefaultNoise() Noise { return Noise{IncludeInfoEvents: true, DeduplicationWindow: defaultWindow} }

var _ configyaml.KeyChecker = Rule{}

// CheckKey says which fields there are, where name is none.
func (Rule) CheckKey(name string) error {
	if find(name) < 0 {
		return fmt.Errorf("there is no such field; want one or more of %s", fieldNames())
	}
	return nil
}

// Validate names each field whose value is not allowed, the value, and what is allowed.
func (c *Config) Validate() error {
	_, excludeErr := compileAll("exclude", c.Exclude)
	_, includeErr := compileAll("include", c.Include)
	return errors.Join(excludeErr, includeErr)
}

// Check names each key whose value is not allowed, the value, and what is allowed.
func (n *Noise) Check() error {
	var errs []error
	for _, id := range n.ExcludedEventIDs {
		if id < 0 || id > math.MaxUint16 {
			errs = append(errs, fmt.Errorf("excluded_event_ids: %d is not allowed; want 0 to %d", id, math.MaxUint16))
		}
	}
	for _, pattern := range n.ExcludedDomains {
		if err := checkGlob(pattern); err != nil {
			errs = append(errs, fmt.Errorf("excluded_domains: %w", err))
		}
	}
	if n.DeduplicationWindow < time.Second || n.DeduplicationWindow > maxWindow {
		errs = append(errs, fmt.Errorf("deduplication_window: %v is not allowed; want 1s to %v", n.DeduplicationWindow, maxWindow))
	}
	return errors.Join(errs...)
}
