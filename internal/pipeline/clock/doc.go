// SPDX-License-Identifier: Apache-2.0

// Package clock reads the system's time with its finest resolution. Nothing goes in; a time comes out. On Windows time.Now moves in steps of
// up to 15.6 ms, within which a thousand events may happen.
package clock
