// SPDX-License-Identifier: Apache-2.0

// Package cilium120 compares this project's flows with those of Cilium v1.20.1's parsers. It is a module of its own,
// because the parsers need a thousand packages, and it has tests only.
package cilium120
