// SPDX-License-Identifier: Apache-2.0

// Package resilientfilestorageextension is the file_storage extension of the OpenTelemetry Collector for hosts whose
// collector must always start: with a damaged file it continues with a new one, and without a writable disk it works in
// memory.
package resilientfilestorageextension
