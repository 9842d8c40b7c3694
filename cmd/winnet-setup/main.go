// SPDX-License-Identifier: Apache-2.0

// Command winnet-setup is `otelcol-winnet setup` alone: a small program that is in the MSI itself and carries out the MSI's own actions. The installed
// program could not: when some of them run, it is not there yet, no longer, or of another version.
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
