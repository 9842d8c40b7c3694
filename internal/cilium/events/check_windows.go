// SPDX-License-Identifier: Apache-2.0

package events

// Readable reports which types of events map the installed eBPF for Windows can read: nil, pinned.ErrNotInstalled, or pinned.ErrOutdated
// with the first function that is missing.
func Readable() (ring, perf error) {
	_, ring = loadRingAPI()
	_, perf = loadPerfAPI()
	return ring, perf
}
