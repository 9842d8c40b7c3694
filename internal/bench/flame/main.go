// SPDX-License-Identifier: Apache-2.0

// Command flame draws a flame graph, as an SVG, from the output of `go tool pprof -traces -unit=ns` for a processor
// profile. `make profile` runs it. Equal profiles give equal pictures: they contain nothing of the machine or the time.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	title := flag.String("title", "", "the picture's title")
	root := flag.String("root", "", "the function to start at; stacks without it are left out")
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
