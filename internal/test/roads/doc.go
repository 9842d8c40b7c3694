// SPDX-License-Identifier: Apache-2.0

// Package roads sends every configuration that the project ships through a bad hour and counts record by record what arrives:
// config.yaml, config.replay.yaml, those of examples/ and those of documents. It is a module of its own, so that the far ends'
// libraries stay out of the collector's. `make test-roads` builds the collector and runs it; the tests mount small file systems
// and need root on Linux.
//
// A test runs the built collector with the configuration as it is shipped, and a second one over it that replays generated
// events in place of the live ones, names the far end, and shortens the retry intervals. Far ends lie on loopback addresses.
package roads
