// SPDX-License-Identifier: Apache-2.0

package pinned

import "testing"

func TestEverySpellingOfAWindowsPinIsOne(t *testing.T) {
	for pin, want := range map[string]string{
		`/ebpf/global/cilium_events`:          `BPF:\cilium_events`,
		`\ebpf\global\cilium_events`:          `BPF:\cilium_events`,
		`cilium_events`:                       `BPF:\cilium_events`,
		`/cilium_events`:                      `BPF:\cilium_events`,
		`\cilium_events`:                      `BPF:\cilium_events`,
		`//cilium_events`:                     `BPF:\cilium_events`,
		`BPF:\cilium_events`:                  `BPF:\cilium_events`,
		`bpf:cilium_events`:                   `BPF:\cilium_events`,
		`BPF:\ebpf\global\cilium_events`:      `BPF:\cilium_events`,
		`/ebpf/global/./x/../cilium_events`:   `BPF:\cilium_events`,
		`/ebpf/global/tc/cilium_events`:       `BPF:\tc\cilium_events`,
		`/ebpf/cilium_events`:                 `BPF:\ebpf\cilium_events`,
		`/ebpf/global/CILIUM_EVENTS`:          `BPF:\CILIUM_EVENTS`,
		`/elsewhere/ebpf/global/cilium_event`: `BPF:\elsewhere\ebpf\global\cilium_event`,
	} {
		if got := canonicalWindows(pin); got != want {
			t.Errorf("%s is %s; want %s", pin, got, want)
		}
	}
}
