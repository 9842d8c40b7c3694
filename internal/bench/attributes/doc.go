// SPDX-License-Identifier: Apache-2.0

// Package attributes measures what two changes of pdata would save: an insert of attributes that does not search for each key, and values
// without a box. It needs pdata and the standard library alone. docs/upstream.md has the proposal.
package attributes
