// SPDX-License-Identifier: Apache-2.0

// Package filter decides which decoded DNS events are wanted: by rules in the terms of Microsoft's own connector (Windows DNS Events via
// AMA), by switches for common noise, and by dropping repetitions. A Config, Noise and events go in, a decision for each event comes out.
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
	// Exclude are rules for unwanted events. Default none.
	Exclude []Rule `mapstructure:"exclude"`
	// Include are rules for wanted events. If there are any, an event is wanted only if one of them matches it and no rule of Exclude does.
	// Default none: every event is wanted.
	Include []Rule `mapstructure:"include"`
}

// Rule gives values to look for, by the field of the record to look in; table has them. A value may hold several between commas. An event
// matches when each of the fields has one of its values. An event whose record would not have one of the fields does not match.
type Rule map[string][]string

// Noise are the receiver's filter keys besides the rules. By default they filter nothing.
type Noise struct {
	// IncludeInfoEvents keeps events that only inform, such as the DNS Client's 1001: no part of a query, no change of a
	// server's data, no warning and no error. Default true.
	IncludeInfoEvents bool `mapstructure:"include_info_events"`
	// ExcludedEventIDs are the ids of unwanted events. Default none.
	ExcludedEventIDs []int `mapstructure:"excluded_event_ids"`
	// ExcludedDomains are unwanted queried names, in which "*" is any text and "?" any character. Default none.
	ExcludedDomains []string `mapstructure:"excluded_domains"`
	// ExcludeAAAARecords drops the events of queries for AAAA records. Default false.
	ExcludeAAAARecords bool `mapstructure:"exclude_aaaa_records"`
	// EnableDeduplication drops an event that repeats another one within the window. Default false.
	EnableDeduplication bool `mapstructure:"enable_deduplication"`
	// DeduplicationWindow is the time after an event in which its repetitions are dropped, by the events' own time. Default 300s.
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

// CheckKey returns an error for a name that is no field. The error lists the fields.
func (Rule) CheckKey(name string) error {
	if find(name) < 0 {
		return fmt.Errorf("there is no such field; want one or more of %s", fieldNames())
	}
	return nil
}

// Validate returns an error for each value that is not allowed, with its field and what is allowed.
func (c *Config) Validate() error {
	_, excludeErr := compileAll("exclude", c.Exclude)
	_, includeErr := compileAll("include", c.Include)
	return errors.Join(excludeErr, includeErr)
}

// Check returns an error for each value that is not allowed, with its key and what is allowed.
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
