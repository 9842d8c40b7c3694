// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// Bounds of the keys.
const (
	maxLevel         = 5
	maxBuffers       = 65536
	maxFlushInterval = time.Hour
	minWindow        = time.Millisecond
	maxWindow        = 24 * time.Hour
	maxBuffersMiB    = 16 << 10 // of non-paged kernel memory, which nothing else on the host can use
	maxHeldMiB       = 16 << 10
)

// Validate returns an error for each key whose value is not allowed. The error names the key, the value and the allowed
// values.
func (c *Config) Validate() error {
	var errs configyaml.KeyErrors
	between := func(key string, value, low, high int) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("%s: %d is not allowed; want %d to %d", key, value, low, high))
		}
	}
	providers, err := c.wanted()
	if err != nil {
		errs = append(errs, err)
	}
	_, err = c.Device.name()
	errs.Add("device.hostname", err)
	_, err = c.Device.addr()
	errs.Add("device.ip", err)
	if err := c.Noise.Check(); err != nil {
		errs = append(errs, err)
	}
	b := &c.Buffers
	between("buffers.size_kb", b.SizeKB, session.MinBufferSizeKB, session.MaxBufferSizeKB)
	between("buffers.minimum", b.Minimum, 2, maxBuffers)
	between("buffers.maximum", b.Maximum, b.Minimum, maxBuffers)
	if mib := b.SizeKB * b.Maximum >> 10; len(errs) == 0 && mib > maxBuffersMiB {
		errs.Add("buffers.maximum", fmt.Errorf("%d buffers of size_kb %d are not allowed: they take %d MiB of the kernel's memory; want at most %d MiB",
			b.Maximum, b.SizeKB, mib, maxBuffersMiB))
	}
	if b.FlushInterval < time.Second || b.FlushInterval > maxFlushInterval || b.FlushInterval%time.Second != 0 {
		errs.Add("buffers.flush_interval", fmt.Errorf("%v is not allowed; want whole seconds, 1s to %v", b.FlushInterval, maxFlushInterval))
	}
	if c.Volume == volume.Full && c.Packet.Keep == dnslog.KeepPacketOnError && !c.Packet.Parse { // it is the default of the other volumes
		errs.Add("packet", errors.New("keep: on_error needs parse: true"))
	}
	if c.Names == dnslog.NamesLower && c.Profile == dns.ProfileDocumented {
		errs.Add(keyNames, errors.New("lower is not allowed with profile documented, which writes names as they were sent; choose profile windows or asim"))
	}
	if c.Profile == dns.ProfileDocumented {
		errs = append(errs, c.validateDocumented()...)
	}
	errs.Add("storage", c.Replay.CheckStorage(c.Storage))
	errs.Add("record.path", c.Replay.CheckRecorded(c.Record.Files()))
	if c.Archive && !c.merges() {
		errs.Add("archive", errors.New("true is not allowed without correlate, aggregation.window, aggregation.noise.window or attributes slim: the other records are full already, so the archive would repeat each; leave it out, or choose volume balanced or lean"))
	}
	errs.Add(status.KeyHeartbeat, status.CheckHeartbeat(c.Heartbeat))
	errs.Add(runner.KeyWhenMissing, c.WhenMissing.Check())
	errs.Add(keyCanary, c.validateCanary(providers))
	errs.Add("memory", c.Memory.Check(c.needs()))
	errs.Add("pseudonymize", c.Pseudonymize.Check(pseudonym.DNS()))
	errs.Add("pseudonymize", c.Pseudonymize.CheckRecord(c.Record.Enabled()))
	// The collector calls the Validate methods of the profile, names, and the sections packet, filters, aggregation,
	// correlation, pseudonymize, batch, queue, retry, replay and record itself.
	if len(errs) == 0 {
		errs.Add("session_name", c.session(providers).Validate())
	}
	return errs.Join()
}

// pseudonyms makes a Pseudonymizer; nil if no value is replaced.
func (c *Config) pseudonyms() *pseudonym.Pseudonymizer { return c.Pseudonymize.New(pseudonym.DNS()) }

// validateDocumented refuses what changes the records of profile documented.
func (c *Config) validateDocumented() (errs configyaml.KeyErrors) {
	const why = "is not allowed with profile documented, whose records follow the design document to the letter; choose profile windows or asim"
	switch {
	case c.Volume != volume.Full:
		errs.Add(volume.Key, fmt.Errorf("%s %s", c.Volume, why))
		return errs
	case c.Attributes != asim.AllAttributes:
		errs.Add("attributes", fmt.Errorf("%s %s", c.Attributes, why))
	}
	if c.Device.In != asim.DeviceInRecord {
		errs.Add("device.in", fmt.Errorf("%s %s", c.Device.In, why))
	}
	if c.Aggregation.Pack != packNone {
		errs.Add("aggregation.pack", fmt.Errorf("%s %s", c.Aggregation.Pack, why))
	}
	return errs
}

// Validate returns an error that names the key, the value and the allowed values.
func (c *aggregationConfig) Validate() error {
	if c.Window != 0 && (c.Window < minWindow || c.Window > maxWindow) {
		return fmt.Errorf("window: %v is not allowed; want 0 (off), or %v to %v", c.Window, minWindow, maxWindow)
	}
	if err := c.Noise.CheckFile(&c.Whole); err != nil {
		return fmt.Errorf("noise: %w", err)
	}
	return validateHeld(c.MaxSizeMiB)
}

// Validate returns an error that names the key, the value and the allowed values.
func (c *correlationConfig) Validate() error {
	if c.Timeout < minWindow || c.Timeout > maxWindow {
		return fmt.Errorf("timeout: %v is not allowed; want %v to %v", c.Timeout, minWindow, maxWindow)
	}
	return validateHeld(c.MaxSizeMiB)
}

func validateHeld(mib int) error {
	if mib < 1 || mib > maxHeldMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", mib, maxHeldMiB)
	}
	return nil
}
