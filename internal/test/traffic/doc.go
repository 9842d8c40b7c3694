// SPDX-License-Identifier: Apache-2.0

// Package traffic makes the events of a Windows DNS Server under a load of assumptions, some of them from published studies of DNS. A Model goes in. Raw events
// of the provider Microsoft-Windows-DNSServer come out in wire form, one by one and in time order, the same for each seed.
//
// The model is of single clients, and each client is independent of the others. So the traffic of a server with many clients is
// that of a sample of them, times the size of the sample: what a client asks, and how often, does not depend on the load.
package traffic
