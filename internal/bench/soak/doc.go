// SPDX-License-Identifier: Apache-2.0

// Package soak runs the built collector for a long time at the highest rate, with both receivers, while the far end is fast and slow in
// turn. In come a duration and the collector's path; out come samples of its memory, goroutines, handles, queues and rates, a plot of them,
// and an error if something grows or an event is not accounted for. `make soak` runs it.
package soak
