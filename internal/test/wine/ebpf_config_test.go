// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	configMap = "cilium_observability_config"
	configSet = "the observability configuration map is set"
)

// words returns the values that were written to a map of 32-bit values.
func (n *node) words(name string) (all []uint32) {
	values := n.Values(n.t, name)
	for i := 0; i+4 <= len(values); i += 4 {
		all = append(all, binary.LittleEndian.Uint32(values[i:]))
	}
	return all
}

func TestTheConfigurationMapIsWrittenReadBackAndRestored(t *testing.T) {
	for preset, tc := range map[string]struct{ before, want []uint32 }{
		// DROP 1, DEBUG 2, CAPTURE 3, TRACE 4, POLICY_VERDICT 5: the bits of all but DEBUG, added to two that were set
		// before. The level low is 2 in Cilium.
		"bitmask": {[]uint32{0xC0, 4}, []uint32{0xC0 | 1<<1 | 1<<3 | 1<<4 | 1<<5, 2}},
		// The level, and a value for each message type.
		"per_event": {[]uint32{4, 0, 1, 0, 0, 0, 77}, []uint32{2, 1, 0, 1, 1, 1, 77}},
	} {
		t.Run(preset, func(t *testing.T) {
			n := newNode(t, "1.0")
			n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
			n.Pin(t, configMap, "array", 2, 4, len(tc.before))
			var raw []byte
			for _, v := range tc.before {
				raw = binary.LittleEndian.AppendUint32(raw, v)
			}
			require.NoError(t, os.WriteFile(filepath.Join(string(n.Pins), configMap+".values"), raw, 0o600))
			c := n.start("receivers::ciliumwindows::config_map: {apply: required, layout: "+preset+"}",
				"receivers::ciliumwindows::enabled_events: [TRACE, POLICY_VERDICT, CAPTURE]", "receivers::ciliumwindows::monitor_aggregation_level: low")
			c.await(configSet, 1)
			require.Equal(t, tc.want, n.words(configMap))
			c.interrupt()
			require.Equal(t, tc.before, n.words(configMap))
		})
	}
}

func TestAConfigurationMapOfAnotherKindIsRefusedAndNotWritten(t *testing.T) {
	for want, tc := range map[string]struct {
		typ                   string
		valueSize, maxEntries int
	}{
		"found values of 3 bytes; want 1, 2, 4 or 8":        {"array", 3, 2},
		"found values of 16 bytes; want 1, 2, 4 or 8":       {"array", 16, 2},
		"found 1 entries; want an index 1 for aggregation":  {"array", 4, 1},
		"found a map of type WindowsHash; want an array":    {"hash", 4, 2},
		"found a map of type WindowsRingBuf; want an array": {"ring", 0, 4096},
	} {
		t.Run(want, func(t *testing.T) {
			n := newNode(t, "1.0")
			n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
			n.Pin(t, configMap, tc.typ, 2, tc.valueSize, tc.maxEntries)
			c := n.start("receivers::ciliumwindows::config_map: {apply: required}")
			c.fails()
			require.Contains(t, c.out.String(), want)
			require.Empty(t, n.Values(t, configMap))
		})
	}
}

func TestAConfigurationMapThatMayNotBeWrittenCausesAWarning(t *testing.T) {
	n := newNode(t, "1.0")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	n.Pin(t, configMap, "array", 2, 4, 2)
	n.set("WINDOWSTEST_FAIL", "bpf(MAP_UPDATE)=1")
	c := n.start()
	c.await("the observability configuration map could not be set", 1)
	c.await(reading, 1)
	c.interrupt()
}
