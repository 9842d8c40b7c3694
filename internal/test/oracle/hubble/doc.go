// SPDX-License-Identifier: Apache-2.0

// Package hubble gives our output to Cilium's hubble command, v1.20.1. It is a module of its own, for what the command needs,
// and it has tests only.
package hubble
