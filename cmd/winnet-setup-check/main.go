// SPDX-License-Identifier: Apache-2.0

// Command winnet-setup-check checks the settings of an installation, as `otelcol-winnet setup check` does. It is a small program that is in the
// MSI itself: it runs before an upgrade removes the old version, when the new one is not there yet.
package main

import (
	"fmt"
	"os"

	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/installation"
)

func main() {
	if err := installation.Run(append([]string{"check"}, os.Args[1:]...), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
