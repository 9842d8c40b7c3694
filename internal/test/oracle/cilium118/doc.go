// SPDX-License-Identifier: Apache-2.0

// Package cilium118 holds our flows against those of Cilium v1.18.11's own parsers. It is a module of its own, since they need a
// thousand packages, and it has tests only.
package cilium118
