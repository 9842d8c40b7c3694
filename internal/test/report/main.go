// SPDX-License-Identifier: Apache-2.0

// Command report prints a table at the end of `make run` and `make test`, from their logs.
//
//	report run LOG            what the collector has read, what became of it, where it is and what to try next
//	report tests LOG          how many tests were not run, why, and which target runs them
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := report(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// report prints the table that the arguments name.
func report(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("want run or tests and a log, not %q", args)
	}
	log, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer log.Close()
	switch args[0] {
	case "run":
		return reportRun(log, out)
	case "tests":
		return reportTests(log, out)
	}
	return fmt.Errorf("there is no report %q; want run or tests", args[0])
}
