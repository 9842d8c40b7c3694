// SPDX-License-Identifier: Apache-2.0

// Package windows has what .github/workflows/windows.yml runs on a real Windows, beside the tests that also run under Wine: scripts that install
// eBPF for Windows and the collector's service, and tests with real maps of eBPF for Windows, which need WINNET_EBPF=required.
package windows
