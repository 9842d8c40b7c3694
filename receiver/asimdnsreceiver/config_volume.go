// SPDX-License-Identifier: Apache-2.0

// What volume makes of the defaults of other keys, and what these keys leave out of records.

package asimdnsreceiver

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// useVolume sets the defaults of the keys that the volume decides.
func (c *Config) useVolume(mode volume.Mode) {
	if mode == volume.Full {
		return
	}
	c.Correlate = true
	c.Attributes = asim.SlimAttributes
	c.Device.In = asim.DeviceInResource
	c.Packet.Keep = dnslog.KeepPacketOnError
	if mode == volume.Lean {
		c.Attributes = asim.MinimalAttributes
		c.Aggregation.Window = leanWindow
		c.Aggregation.Pack = packNew
		c.Aggregation.Whole = shape.LeanWhole()
		c.Aggregation.Noise.Window = leanNoiseWindow
		c.Aggregation.MaxSizeMiB = leanMaxSizeMiB
	}
}

// Windows of volume lean, and the bound of the memory for its sums. The memory is taken as it is needed.
const (
	leanWindow      = 5 * time.Minute
	leanNoiseWindow = time.Hour
	leanMaxSizeMiB  = 512
)

// merges reports whether a record may stand for several events, or lack what the event has.
func (c *Config) merges() bool {
	return c.Correlate || c.Aggregation.Window > 0 || c.Aggregation.Noise.Window > 0 ||
		c.Attributes != asim.AllAttributes || c.Packet.Keep != c.archivedPackets()
}

// keptPackets returns when records other than the archive's keep packets. Without parsing, no packet is known to be broken.
func (c *Config) keptPackets() dnslog.PacketKeep {
	if c.Packet.Keep == dnslog.KeepPacketOnError && !c.Packet.Parse {
		return dnslog.KeepPacketNever
	}
	return c.Packet.Keep
}

// archivedPackets returns when the archive keeps packets: always, unless the other records never do.
func (c *Config) archivedPackets() dnslog.PacketKeep {
	if c.Packet.Keep == dnslog.KeepPacketNever {
		return dnslog.KeepPacketNever
	}
	return dnslog.KeepPacketAlways
}
