// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// Name returns the host's fully qualified name if it has one, otherwise its name.
func Name() string {
	size := uint32(512)
	buf := make([]uint16, size)
	if err := windows.GetComputerNameEx(windows.ComputerNameDnsFullyQualified, &buf[0], &size); err == nil && size > 0 {
		return windows.UTF16ToString(buf[:size])
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// OSVersion returns the version of Windows, such as 10.0.26100.
func OSVersion() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}
