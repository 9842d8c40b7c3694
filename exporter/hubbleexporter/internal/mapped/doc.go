// SPDX-License-Identifier: Apache-2.0

// Package mapped holds the exporter's flows against the receiver's records. It is a module of its own, because the exporter does not require the
// receiver, and it has tests only.
package mapped
