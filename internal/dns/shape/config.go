// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// WholeConfig is the section `aggregation.whole`: the exchanges that are not summed. The zero value sums all.
type WholeConfig struct {
	// Changes are updates, transfers, notifications, audit events and events that only inform.
	Changes bool `mapstructure:"changes"`
	// Failures are error codes other than NXDOMAIN, ignored queries, time-outs and unanswered queries.
	Failures bool `mapstructure:"failures"`
	// Types are names of query types.
	Types []string `mapstructure:"types"`
	// NXDomainPerMinute is the number of NXDOMAINs of one client in a minute that are summed. Further ones are not. 0: all are summed.
	NXDomainPerMinute int `mapstructure:"nxdomain_per_minute"`
	// RecordsPerMinute is the number of exchanges of one client in a minute that are records of their own because of Failures, Types, NameLength or
	// LabelEntropy. Further ones are packed, each as an item of its own. 0: all are records.
	RecordsPerMinute int `mapstructure:"records_per_minute"`
	// NameLength is the length of the longest name that is summed, in characters. 0: any.
	NameLength int `mapstructure:"name_length"`
	// LabelEntropy is the largest entropy of a label that is summed, in bits per character. 0: any.
	LabelEntropy float64 `mapstructure:"label_entropy"`
	// NewWithin is the time in which a client has not asked for a name before. 0: such names are summed, too.
	NewWithin time.Duration `mapstructure:"new_within"`
	// NewMaxSizeMiB bounds the memory for names that clients have asked for. A name that is forgotten is new.
	NewMaxSizeMiB int `mapstructure:"new_max_size_mib"`
	// bytes takes the place of NewMaxSizeMiB if it is not 0; see BoundNew.
	bytes int
}

// NoiseConfig is the section `aggregation.noise`: exchanges that are summed for longer.
type NoiseConfig struct {
	// Window is the time of such a sum. 0: nothing is noise.
	Window time.Duration `mapstructure:"window"`
	// File has the names that are noise, in place of the embedded list. See noise.txt for its form.
	File string `mapstructure:"file"`
}

// Values of LeanWhole. They are fixed, and were not fitted to any traffic.
const (
	// A minute of ordinary work has few names that do not exist: search suffixes give some for one name. A client that walks a list of names,
	// or malware that tries generated ones, has tens a minute.
	leanNXDomainPerMinute = 10
	// One failure in six seconds is a client that asks again. More come with an outage, a tunnel or a flood, which a few records show at once.
	leanRecordsPerMinute = 10
	// The reverse name of an IPv6 address has 72 characters, and names of cloud load balancers have some 80. A tunnel fills what it can
	// of the 253.
	leanNameLength = 90
	// Labels of words stay below. A label of 17 characters or more in base32 is above in most cases. Hexadecimal digits have at most 4.0: a tunnel that
	// uses them has long names.
	leanLabelEntropy = 4.0
	// 1,000 queries/s are of some 5 million pairs of client and name in a day.
	leanNewMaxSizeMiB = 64
)

// NoWhole is the default: everything is summed.
func NoWhole() WholeConfig { return WholeConfig{NewMaxSizeMiB: 16} }

// LeanWhole is the default of volume lean.
func LeanWhole() WholeConfig {
	return WholeConfig{
		Changes: true, Failures: true, Types: []string{"TXT", "NULL", "ANY", "AXFR", "IXFR"}, NXDomainPerMinute: leanNXDomainPerMinute,
		RecordsPerMinute: leanRecordsPerMinute, NameLength: leanNameLength, LabelEntropy: leanLabelEntropy, NewWithin: 24 * time.Hour, NewMaxSizeMiB: leanNewMaxSizeMiB,
	}
}

// Bounds of the keys.
const (
	maxName    = 1024 // a name in text form, with escapes
	maxEntropy = 8.0  // bits per character of an octet
	maxRate    = 1_000_000
	minNew     = time.Minute
	maxNew     = 7 * 24 * time.Hour
	maxNewMiB  = 16 << 10
	minWindow  = time.Second
	maxWindow  = 24 * time.Hour
)

// Enabled reports whether anything is not summed.
func (c *WholeConfig) Enabled() bool {
	return c.Changes || c.Failures || len(c.Types) > 0 || c.NXDomainPerMinute > 0 || c.NameLength > 0 || c.LabelEntropy > 0 || c.NewWithin > 0
}

// newBytes is the bound of the memory for names, in bytes.
func (c *WholeConfig) newBytes() int {
	if c.bytes > 0 {
		return c.bytes
	}
	return c.NewMaxSizeMiB << 20
}

// BoundNew bounds the memory for names in bytes, in place of NewMaxSizeMiB. It is for a measurement whose traffic is a small part of a server's.
func (c *WholeConfig) BoundNew(bytes int) { c.bytes = bytes }

// BoundsRecords reports whether a client may have exchanges beyond RecordsPerMinute.
func (c *WholeConfig) BoundsRecords() bool {
	return c.RecordsPerMinute > 0 && (c.Failures || len(c.Types) > 0 || c.NameLength > 0 || c.LabelEntropy > 0)
}

// Validate returns an error that names the key, the value and the allowed values.
func (c *WholeConfig) Validate() error {
	var errs configyaml.KeyErrors
	for _, name := range c.Types {
		if _, ok := dns.TypeCode(name); !ok {
			errs.Add("types", fmt.Errorf("%q is not a query type; want names such as TXT, or TYPE123", name))
		}
	}
	errs.Add("nxdomain_per_minute", checkRate(c.NXDomainPerMinute))
	errs.Add("records_per_minute", checkRate(c.RecordsPerMinute))
	if c.NameLength < 0 || c.NameLength > maxName {
		errs.Add("name_length", fmt.Errorf("%d is not allowed; want 1 to %d, or 0 (off)", c.NameLength, maxName))
	}
	if !(c.LabelEntropy >= 0 && c.LabelEntropy <= maxEntropy) {
		errs.Add("label_entropy", fmt.Errorf("%v is not allowed; want bits per character up to %v, or 0 (off)", c.LabelEntropy, maxEntropy))
	}
	if c.NewWithin != 0 && (c.NewWithin < minNew || c.NewWithin > maxNew) {
		errs.Add("new_within", fmt.Errorf("%v is not allowed; want 0 (off), or %v to %v", c.NewWithin, minNew, maxNew))
	}
	if c.NewMaxSizeMiB < 1 || c.NewMaxSizeMiB > maxNewMiB {
		errs.Add("new_max_size_mib", fmt.Errorf("%d is not allowed; want 1 to %d", c.NewMaxSizeMiB, maxNewMiB))
	}
	return errs.Join()
}

func checkRate(rate int) error {
	if rate < 0 || rate > maxRate {
		return fmt.Errorf("%d is not allowed; want 1 to %d, or 0 (off)", rate, maxRate)
	}
	return nil
}

// Validate returns an error that names the key, the value and the allowed values. It reads the file. CheckFile checks its lines
// with the section `whole`.
func (c *NoiseConfig) Validate() error {
	var errs configyaml.KeyErrors
	if c.Window != 0 && (c.Window < minWindow || c.Window > maxWindow) {
		errs.Add("window", fmt.Errorf("%v is not allowed; want 0 (off), or %v to %v", c.Window, minWindow, maxWindow))
	}
	if c.File != "" {
		err := configyaml.CheckPath(c.File)
		if err == nil {
			_, err = c.read(&WholeConfig{})
		}
		errs.Add("file", err)
	}
	return errs.Join()
}

// CheckFile returns an error for a file with a line that no exchange of noise matches, because whole keeps such exchanges whole.
func (c *NoiseConfig) CheckFile(whole *WholeConfig) error {
	if c.File == "" || c.Validate() != nil {
		return nil
	}
	var errs configyaml.KeyErrors
	_, err := c.read(whole)
	errs.Add("file", err)
	return errs.Join()
}

// maxFile bounds a file of noise, in bytes.
const maxFile = 16 << 20

// read reads the list of names: the file, or the embedded one. It checks the lines of a file with the section `whole`.
func (c *NoiseConfig) read(whole *WholeConfig) (*noise, error) {
	if c.File == "" {
		return newNoise(embedded, &WholeConfig{})
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return nil, fmt.Errorf("%w; want a file of names, one a line", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a regular file; want a file of names, one a line", c.File)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%q has %d bytes; at most %d are allowed", c.File, info.Size(), maxFile)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("%q is in UTF-16, as Windows PowerShell writes with >; want UTF-8", c.File)
	}
	n, err := newNoise(string(text), whole)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%q", c.File), err)
	}
	return n, nil
}
