// SPDX-License-Identifier: Apache-2.0

// winnet-verify checks on a Windows host what the collector assumes about Windows, and writes what it found as one JSON file. It is a program
// of its own, and not a mode of the collector: it is small, needs no configuration, and runs before anything is installed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-verify/internal/verify"
	_ "github.com/otelcol-winnet/otelcol-winnet/internal/platform/dllsearch" // DLLs come from System32
)

// The exit codes.
const (
	exitFailed = 1 // a probe failed
	exitUsage  = 2 // an argument is wrong, or the report could not be written
	exitCut    = 3 // the run was cut off before its end, and no probe failed
)

// most is the longest that a run may take.
const most = time.Hour

// endings are the signals that cut a run off. On Windows SIGTERM stands for the end of the console's window, of the user's session and of the
// host: Windows leaves the program 5 s then (HandlerRoutine).
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("winnet-verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "winnet-verify.json", "the `file` for the report")
	duration := flags.Duration("duration", 3*time.Minute, "the most time that the run may take; a third of it, at most a minute, is for the throughput")
	withData := flags.Bool("with-data", false, "keep names and addresses of this host in the report, and save the events of the test names as winnet-verify.etl beside it")
	dryRun := flags.Bool("dry-run", false, "say what each probe would do, and do nothing")
	only := flags.String("probes", "", "the `names` of the probes to run, separated by commas; all if empty")
	version := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitUsage
	}
	fail := func(format string, a ...any) int {
		fmt.Fprintf(stderr, "winnet-verify: "+format+"\n", a...)
		return exitUsage
	}
	selected, err := choose(*only)
	switch {
	case *version:
		fmt.Fprintln(stdout, "winnet-verify "+programVersion())
		return 0
	case err != nil:
		return fail("%v", err)
	case flags.NArg() > 0:
		return fail("unknown argument %q", flags.Arg(0))
	case *duration <= 0 || *duration > most:
		return fail("--duration %v; want more than 0 and at most %v", *duration, most)
	case *dryRun:
		plan(stdout, selected)
		return 0
	}
	// Before the run, which takes minutes.
	file, err := openReport(*out)
	if err != nil {
		return fail("%v", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, *duration, fmt.Errorf("the time of --duration %v is over", *duration))
	defer cancel()
	report := verify.Run(ctx, verify.Options{
		System: verify.ThisSystem(), Program: programVersion(), WithData: *withData, Dir: filepath.Dir(*out), Only: selected,
		Throughput: min(*duration/3, time.Minute), Done: func(r verify.Result) { fmt.Fprintln(stdout, r.Line()) },
	})
	fmt.Fprintln(stdout, report.Totals())
	if err := errors.Join(empty(file), report.WriteJSON(file), file.Close()); err != nil {
		return fail("%v", err)
	}
	if isDevNull(*out) {
		fmt.Fprintf(stdout, "There is no report: %s keeps nothing.\n", *out)
	} else {
		fmt.Fprintf(stdout, "The report is in %s.\n", *out)
	}
	if report.Failed() {
		return exitFailed
	}
	if report.CutOff() {
		fmt.Fprintf(stderr, "winnet-verify: the run was cut off: %v\n", context.Cause(ctx))
		return exitCut
	}
	return 0
}

// openReport opens the file of the report. An earlier report stays in it until there is a new one; another file is refused.
func openReport(path string) (*os.File, error) {
	if runtime.GOOS == "windows" && !isDevNull(path) && !filepath.IsLocal(filepath.Base(path)) {
		return nil, fmt.Errorf("--out %q: Windows gives such a name to a device or to a stream in a file, and not to a file; choose another one", path)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Size() > 0 {
		var earlier verify.Report
		if json.NewDecoder(io.LimitReader(file, 16<<20)).Decode(&earlier) != nil || earlier.Schema == 0 || len(earlier.Probes) == 0 {
			err = fmt.Errorf("%s is there, and is no report of winnet-verify; choose another file", path)
		} else {
			_, err = file.Seek(0, io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// isDevNull reports whether a path is the device that keeps nothing: NUL, in any case on Windows.
func isDevNull(path string) bool {
	return path == os.DevNull || runtime.GOOS == "windows" && strings.EqualFold(path, os.DevNull)
}

// empty removes the earlier report. A device, such as NUL, and a pipe have none, and cannot be truncated.
func empty(file *os.File) error {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return file.Truncate(0)
}

// choose reads the names of probes.
func choose(names string) (map[string]bool, error) {
	if names == "" {
		return nil, nil
	}
	known := map[string]bool{}
	for _, p := range verify.Probes() {
		known[p.Name] = true
	}
	selected := map[string]bool{}
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); !known[name] {
			return nil, fmt.Errorf("there is no probe %q; --dry-run lists them", name)
		}
		selected[name] = true
	}
	return selected, nil
}

// plan says what each probe does.
func plan(w io.Writer, selected map[string]bool) {
	for _, p := range verify.Probes() {
		if len(selected) > 0 && !selected[p.Name] {
			continue
		}
		changes := p.Changes
		if changes == "" {
			changes = "changes nothing"
		}
		fmt.Fprintf(w, "%-20s  expects: %s\n%22s%s\n", p.Name, p.Expected, "", changes)
	}
}

// commit is what the program was built from, as otelcol-winnet's is. The Makefile lets the linker set it.
var commit string

// programVersion is the version of the module with the commit as its build metadata, where the build knows them.
func programVersion() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	if commit == "" {
		return version
	}
	return version + "+" + commit
}
