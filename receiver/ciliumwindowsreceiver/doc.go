// SPDX-License-Identifier: Apache-2.0

// Package ciliumwindowsreceiver turns the events that Cilium's datapath writes into the cilium_events eBPF map into log
// records in the ASIM NetworkSession schema, and into metrics that sum them up. The events come live from the pinned
// map, or from recorded .pcapng files on any system.
package ciliumwindowsreceiver
