// SPDX-License-Identifier: Apache-2.0

// Package delivery is what exporters to Azure share: bodies that are compressed while they are written, calls and what their answers
// mean, redirections, pauses that the far end asks for, the search for what it refuses, the check of a token's audience, the file of what was refused for
// good, the records that are still to be sent, and the end of an exporter. It knows nothing of rows, items or tables.
package delivery
