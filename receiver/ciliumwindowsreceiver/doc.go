// SPDX-License-Identifier: Apache-2.0

// Package ciliumwindowsreceiver makes log records in the ASIM NetworkSession schema of the events that Cilium's datapath
// writes into the cilium_events eBPF map, and metrics that are sums of them: live from the pinned map, or from recorded .pcapng
// files anywhere.
package ciliumwindowsreceiver
