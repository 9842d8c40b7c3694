// SPDX-License-Identifier: Apache-2.0

// Package delivery has what the exporters to Azure share: bodies that are compressed while they are written, calls and
// the meaning of their answers, redirections, pauses that the far end asks for, the search for refused rows, the check
// of a token's audience, the dead-letter file, the records that are still to be sent, and the shutdown. It does not
// know rows, items or tables.
package delivery
