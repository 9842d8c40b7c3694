// SPDX-License-Identifier: Apache-2.0

// Package bench holds what an event costs from its raw bytes to its log record against the floor: the same record built of
// constants with pdata alone. Its tests hold the floor to the same record, and the allocations of an event to their number.
package bench
