// SPDX-License-Identifier: Apache-2.0

// Package hubbleexporter serves the flows of Cilium on Windows by Hubble's own API, to the hubble command, Hubble Relay and Hubble UI.
package hubbleexporter
