// SPDX-License-Identifier: Apache-2.0

// Command picture draws boxes and arrows as an SVG. It reads a description from the standard input and writes the SVG to the standard
// output. docs/data-path.txt is such a description, and says what its lines mean.
package main

import (
	"fmt"
	"os"
)

func main() {
	drawing, err := parse(os.Stdin)
	if err == nil {
		err = drawing.write(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}
