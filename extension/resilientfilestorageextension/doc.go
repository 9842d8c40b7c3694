// SPDX-License-Identifier: Apache-2.0

// Package resilientfilestorageextension is the file_storage extension of the OpenTelemetry Collector for hosts that must not go
// blind: a damaged file, or a disk that cannot be written, does not keep the collector from starting.
package resilientfilestorageextension
