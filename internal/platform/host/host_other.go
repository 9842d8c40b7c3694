// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package host

import "os"

// Name is the host's name.
func Name() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// OSVersion is empty: events come from Windows, whose version is not known elsewhere.
func OSVersion() string { return "" }
