// SPDX-License-Identifier: Apache-2.0

package oracle

import _ "embed"

// Names120 are the names of Cilium 1.20.1 that the collector writes without having them from Cilium: it is linked with 1.18,
// and its decoder names what 1.20 reports by tables of its own. A line is a kind, a number and its name. Cilium 1.20's
// module holds the list against Cilium, this one's tests hold the collector against the list.
//
//go:embed names120.txt
var Names120 string
