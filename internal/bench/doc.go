// SPDX-License-Identifier: Apache-2.0

// Package bench compares the cost of an event, from its raw bytes to its log record, with the floor: the same record
// built from constants with pdata alone. Its tests check that the floor builds the same record, and the number of
// allocations of an event.
package bench
