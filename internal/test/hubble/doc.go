// SPDX-License-Identifier: Apache-2.0

// Package hubble tests Hubble's API of the built collector of a node with what others use: Cilium's hubble command, Hubble Relay, and beside it
// Cilium's own server with the same flows, all of v1.20.1. It is a module of its own because of their dependencies, and it has tests only.
// `make test-hubble` runs it.
package hubble
