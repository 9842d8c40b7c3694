// SPDX-License-Identifier: Apache-2.0

// Command bill measures what Microsoft Sentinel bills for the events of DNS and Cilium, in each mode of the receivers' key `volume`.
// Generated events (internal/test/traffic) and the recordings of testdata go in. They pass through the receiver and the exporter sentinel
// to a server on this machine, which counts. Lines in the form of Go's benchmarks come out: rows, billed bytes and bytes on the wire.
//
// It is a module of its own because it needs the receivers and the exporters, which are in different modules.
package main
