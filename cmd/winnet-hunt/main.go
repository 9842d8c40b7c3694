// SPDX-License-Identifier: Apache-2.0

// winnet-hunt asks recorded files the questions that a SOC asks of Microsoft Sentinel, without a workspace: it replays the files through the receivers
// of the collector, stores the rows that the exporter sentinel would send, and writes one page of HTML with the answers, and a CSV file of each table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// The exit codes. What was found does not matter to them.
const (
	exitIncomplete = 1 // the page is written, and something that was asked for is not in it
	exitFailed     = 2 // an argument is wrong, or there is no page
)

// endings are the signals that end the reading, and then the questions. On Windows SIGTERM stands for the end of the console's window, of the user's
// session and of the host.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM}

func main() {
	reading, asking, stop := contexts()
	code := run(reading, asking, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// contexts returns two contexts: the first signal ends the first, the second one both. A third one ends the program as if it handled none.
func contexts() (reading, asking context.Context, stop func()) {
	reading, endReading := context.WithCancelCause(context.Background())
	asking, endAsking := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endings...)
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for _, end := range []context.CancelCauseFunc{endReading, endAsking} {
			select {
			case s := <-signals:
				end(fmt.Errorf("stopped by a signal: %v", s))
			case <-stopped:
				return
			}
		}
		signal.Stop(signals)
	}()
	return reading, asking, func() {
		signal.Stop(signals)
		close(stopped)
		<-ended
		endReading(nil)
		endAsking(nil)
	}
}

// options are the flags.
type options struct {
	page     string // the file for the page
	replace  bool
	temp     string // the folder for the database; "" for the system's
	volume   volume.Mode
	hostName string
	hostIP   string
	files    []string
}

func run(reading, asking context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("winnet-hunt", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.page, "out", "hunt.html", "the `file` for the page; the CSV files are in a folder beside it, hunt-csv")
	flags.BoolVar(&o.replace, "replace", false, "replace the page and the CSV files of an earlier run")
	flags.StringVar(&o.temp, "temp", "", "the `folder` for the database, which needs about 0.3 KB for each event and is removed at the end (default: the system's for temporary files)")
	flags.StringVar((*string)(&o.volume), "volume", string(volume.Full), "the `volume` of the receivers, as in their configuration: full, balanced or lean")
	flags.StringVar(&o.hostName, "host", "", "the `name` of the host that was recorded (default: the name of the file)")
	flags.StringVar(&o.hostIP, "ip", "", "the `address` of the host that was recorded, which is the client of its own queries")
	version := flags.Bool("version", false, "print the version")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: winnet-hunt [flags] FILE …\n\nFILE is an .etl or a .pcapng file, by its content, or a folder or a pattern of such.\n\nflags:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitFailed
	}
	o.files = flags.Args()
	if *version {
		fmt.Fprintln(stdout, program())
		return 0
	}
	if len(o.files) == 0 {
		flags.Usage()
		return exitFailed
	}
	if err := o.volume.Validate(); err != nil {
		fmt.Fprintf(stderr, "winnet-hunt: -volume: %v\n", err)
		return exitFailed
	}
	if o.hostIP != "" {
		if _, err := netip.ParseAddr(o.hostIP); err != nil {
			fmt.Fprintf(stderr, "winnet-hunt: -ip: %q is no address; want one such as 192.0.2.1 or 2001:db8::1\n", o.hostIP)
			return exitFailed
		}
	}
	if ext := filepath.Ext(o.page); ext == "" || ext == filepath.Base(o.page) {
		fmt.Fprintf(stderr, "winnet-hunt: -out: %q is no name of a page; want one such as hunt.html\n", o.page)
		return exitFailed
	}
	h := hunt{options: o, say: newSayer(stderr)}
	err := h.run(reading, asking)
	h.say.end()
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "winnet-hunt: %s\n", textOf(err))
		return exitFailed
	case len(h.missing) > 0:
		fmt.Fprintf(stdout, "%s is incomplete:\n", o.page)
		for _, m := range h.missing {
			fmt.Fprintf(stdout, "  %s\n", m)
		}
		return exitIncomplete
	}
	fmt.Fprintf(stdout, "%s has the answers to %d questions, %d of them with findings", o.page, h.asked, h.found)
	if h.unaskable > 0 {
		fmt.Fprintf(stdout, "; of %d the recordings say nothing", h.unaskable)
	}
	fmt.Fprintf(stdout, ". The tables are in %s.\n", h.folder())
	return 0
}

// commit is what the program was built from, as otelcol-winnet's is. The Makefile lets the linker set it.
var commit string

// program is the name and the version.
func program() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	if commit != "" {
		version += "+" + commit
	}
	return "winnet-hunt " + version
}
