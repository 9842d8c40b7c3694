// SPDX-License-Identifier: Apache-2.0

// Package roads runs every configuration that the project ships through an hour of outages, and counts record by record
// what arrives. It covers config.yaml, config.replay.yaml, and those in examples/ and in documents. It is a module of
// its own, so that the libraries of the far ends stay out of the collector's module. `make test-roads` builds the
// collector and runs the tests. They mount small file systems and need root on Linux.
//
// A test runs the built collector with the shipped configuration and a second one that overrides it: it replays
// generated events instead of live ones, names the far end, and shortens the retry intervals. Far ends are on loopback
// addresses.
package roads
