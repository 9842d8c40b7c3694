// SPDX-License-Identifier: Apache-2.0

// Package delivery is what exporters to Azure share: bodies that are compressed while they are written, calls and what their answers
// mean, pauses that the far end asks for, the check of a token's audience, the file of what was refused for good, and the records
// that are still to be sent. It knows nothing of rows or tables.
package delivery
