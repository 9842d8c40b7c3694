// SPDX-License-Identifier: Apache-2.0

// Package collector knows what the shipped programs were built from.
package collector

// commit is what the program was built from: 12 digits of a Git commit, and .modified if files differed from it. The linker sets it.
var commit string

// Version returns the version of a release with the commit as its build metadata: 0.1.0+0123456789ab. Exporters send it as a part of their
// User-Agent. A program that was built without the Makefile has the release alone.
func Version(release string) string {
	if commit == "" {
		return release
	}
	return release + "+" + commit
}
