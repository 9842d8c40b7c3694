// SPDX-License-Identifier: Apache-2.0

package main

// commit is what the program was built from: 12 digits of a Git commit, and .modified if files differed from it. The Makefile lets the linker
// set it.
var commit string

// version returns the version of a release with the commit as its build metadata: 0.1.0+0123456789ab. Exporters send it as a part of their
// User-Agent. A program that was built outside a Git work tree has the release alone.
func version(release string) string {
	if commit == "" {
		return release
	}
	return release + "+" + commit
}
