// SPDX-License-Identifier: Apache-2.0

// Package rows holds rows of Sentinel's tables in a SQLite database, and asks the questions of package question of them. The tables have Sentinel's
// names and those columns that a question or the page needs. Texts are never null; a text that a row lacks is empty. Times are integers in microseconds
// since 1970. A field of AdditionalFields is a column whose name begins with "AdditionalFields.". Packed rows are stored unpacked, as the function
// WinnetDns of deploy/sentinel returns them.
package rows
