// SPDX-License-Identifier: Apache-2.0

// Package growth measures whether an event costs the same in a short replay and in a long one. Its benchmarks need
// Linux, which reports the processor time of a process.
package growth
