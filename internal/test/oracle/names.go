// SPDX-License-Identifier: Apache-2.0

package oracle

import _ "embed"

// Names120 are the names of Cilium 1.20.1 that this project has in tables of its own, because it is linked with 1.18.
// Each line is a kind, a number and its name. The tests in the module cilium120 compare the list with Cilium, and this
// module's tests compare the collector with the list.
//
//go:embed names120.txt
var Names120 string
