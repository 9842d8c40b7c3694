// SPDX-License-Identifier: Apache-2.0

// Package cilium120 holds our flows against those of Cilium v1.20.1's own parsers. It is a module of its own, since they need a
// thousand packages, and it has tests only.
package cilium120
