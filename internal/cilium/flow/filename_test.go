// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"fmt"
	"testing"

	monitorapi "github.com/cilium/cilium/pkg/monitor/api"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

func TestAFileIsNamedByTheReleaseThatWroteTheDrop(t *testing.T) {
	const auto = monitor.WireFormatAuto
	for _, c := range []struct {
		format  monitor.WireFormat
		version uint8
		file    uint8
		want    string
	}{
		// What all releases of a version agree on has a name, whichever wrote it.
		{auto, 0, 2, "bpf_lxc.c"}, {auto, 1, 2, "bpf_lxc.c"}, {auto, 2, 2, "bpf_lxc.c"}, {auto, 3, 2, "bpf_lxc.c"},
		{auto, 0, 105, "nodeport.h"}, {auto, 1, 101, "arp.h"}, {auto, 2, 101, "arp.h"}, {auto, 3, 101, "drop.h"},
		{auto, 2, 106, "lb.h"}, {auto, 2, 113, "encrypt.h"}, {auto, 3, 109, "local_delivery.h"},
		// What they do not agree on, or one of them does not have, has none.
		{auto, 0, 106, "unknown(106)"}, {auto, 1, 107, "unknown(107)"}, {auto, 1, 103, "unknown(103)"}, {auto, 1, 7, "unknown(7)"},
		{auto, 2, 110, "unknown(110)"}, {auto, 2, 116, "unknown(116)"}, {auto, 3, 6, "unknown(6)"}, {auto, 3, 116, "unknown(116)"},
		{auto, 1, 0, "unknown(0)"}, {auto, 1, 100, "unknown(100)"}, {auto, 1, 255, "unknown(255)"},
		// With the release each has its own.
		{monitor.WireFormat114, 1, 106, "encrypt.h"}, {monitor.WireFormat114, 1, 103, "unknown(103)"}, {monitor.WireFormat115, 1, 107, "encrypt.h"},
		{monitor.WireFormat116, 1, 107, "mcast.h"}, {monitor.WireFormat116, 1, 7, "bpf_wireguard.c"}, {monitor.WireFormat116, 1, 114, "unknown(114)"},
		{monitor.WireFormat117, 1, 114, "host_firewall.h"}, {monitor.WireFormat117, 2, 110, "l3.h"}, {monitor.WireFormat118, 2, 110, "local_delivery.h"},
		{monitor.WireFormat118, 2, 117, "classifiers.h"}, {monitor.WireFormat119, 3, 6, "bpf_network.c"}, {monitor.WireFormat120, 3, 6, "unknown(6)"},
		// A release that does not write this version has not written the drop.
		{monitor.WireFormat120, 2, 101, "arp.h"}, {monitor.WireFormat118, 3, 101, "drop.h"}, {monitor.WireFormat118, 1, 107, "unknown(107)"},
		{monitor.WireFormat116, 2, 110, "unknown(110)"},
	} {
		f := flow.Flow{Format: c.format, Version: c.version, Drop: monitor.Drop{File: c.file}}
		assert.Equal(t, c.want, f.FileName(), "wire_format %s, version %d, file %d", c.format, c.version, c.file)
	}
}

func TestTheFilesOfCilium118AreThoseOfItsModule(t *testing.T) {
	for id := range 256 {
		f := flow.Flow{Format: monitor.WireFormat118, Version: 2, Drop: monitor.Drop{File: uint8(id)}}
		assert.Equal(t, monitorapi.BPFFileName(uint8(id)), f.FileName())
	}
}

func TestTheReleaseOfTheDecoderIsTheFlows(t *testing.T) {
	n := monitor.Notification{Type: monitor.TypeDrop, Version: 2, Format: monitor.WireFormat117, Drop: monitor.Drop{File: 110}}
	var f flow.Flow
	f.Decode(&n)
	assert.Equal(t, "l3.h", f.FileName(), fmt.Sprint(f.Format))
}
