// SPDX-License-Identifier: Apache-2.0

// Package names knows who had an address when. In go what is used of Kubernetes' objects, as they come and go; out come the names of a flow's end.
//
// An address is used again within seconds, so each address has its last owners with the time of each change, and a look-up goes by the event's time.
// Look-ups of addresses and services take no lock and allocate nothing. One lock orders all changes.
package names
