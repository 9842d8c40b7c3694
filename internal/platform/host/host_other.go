// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package host

import "os"

// Name returns the host's name.
func Name() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// OSVersion returns "": events come from Windows, whose version is unknown on other systems.
func OSVersion() string { return "" }
