// SPDX-License-Identifier: Apache-2.0

// Package hubble passes this project's output to Cilium's hubble command, v1.20.1. It is a module of its own because of
// the command's dependencies, and it has tests only.
package hubble
