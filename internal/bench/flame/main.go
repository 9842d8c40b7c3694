// SPDX-License-Identifier: Apache-2.0

// Command flame draws a flame graph, as an SVG, of what `go tool pprof -traces -unit=ns` prints of a processor profile. `make profile`
// runs it. Equal profiles give equal pictures: nothing of the machine or the time is in them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	title := flag.String("title", "", "the picture's title")
	root := flag.String("root", "", "the function to begin at; stacks without it are left out")
	flag.Parse()
	stacks, err := read(os.Stdin)
	if err == nil {
		err = draw(os.Stdout, *title, fold(stacks, *root))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flame:", err)
		os.Exit(1)
	}
}
