// SPDX-License-Identifier: Apache-2.0

// Package clock gives the time of what happens now. Nothing goes in; out comes the system's time, as fine as the system has it. On
// Windows time.Now moves in steps of up to 15.6 ms, within which a thousand events may happen.
package clock
