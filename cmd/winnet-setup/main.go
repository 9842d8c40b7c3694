// SPDX-License-Identifier: Apache-2.0

// Command winnet-setup is `otelcol-winnet setup` alone: a small program that is in the MSI itself. It checks the settings before an upgrade removes
// the old version, when the new one is not there yet, and undoes what a failed installation has changed, when it may be gone again.
package main

import (
	"fmt"
	"os"

	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/installation"
)

func main() {
	if err := installation.Run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
