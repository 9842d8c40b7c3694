// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/template"
	"time"
)

//go:embed benchmarks.md.tmpl
var page string

// document returns docs/benchmarks.md. measured says when, how and where each part of the results was measured; it is empty if nothing was.
func document(rows []row, measured []string) ([]byte, error) {
	t, err := template.New("").Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Measured": measured, "Table": markdown(rows), "Summary": summary(rows)})
	return b.Bytes(), err
}

// stamp begins a line of benchmarks.txt that says when, how and where the lines after it were measured. benchstat skips it.
const stamp = "# measured "

// stampOf returns the stamp of results that are measured now.
func stampOf(command string, m machine, at time.Time) string {
	return fmt.Sprintf("%son %s with `%s` on %s, %d cores, %s, %s, %s\n", stamp, at.Format(time.DateOnly), command, m.CPU, m.Cores, m.Memory, m.OS, m.Go)
}

// stamps returns what the stamps of results say.
func stamps(lines []byte) (all []string) {
	for line := range strings.Lines(string(lines)) {
		if text, ok := strings.CutPrefix(line, stamp); ok {
			all = append(all, strings.TrimSpace(text))
		}
	}
	return all
}

// resultLines returns the lines of a benchmark's output that benchstat reads, the configuration and the results, and the stamps.
func resultLines(raw []byte) []byte {
	var b bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		for _, kind := range []string{"goos: ", "goarch: ", "pkg: ", "cpu: ", "Benchmark", stamp} {
			if strings.HasPrefix(lines.Text(), kind) {
				b.WriteString(lines.Text() + "\n")
			}
		}
	}
	return b.Bytes()
}

// machine describes the machine of the measurements.
type machine struct {
	CPU    string
	Cores  int
	Memory string
	OS     string
	Go     string
}

func thisMachine() machine {
	return machine{
		CPU: field("/proc/cpuinfo", "model name", ":"), Cores: runtime.NumCPU(), Memory: memoryOf(field("/proc/meminfo", "MemTotal", ":")),
		OS: strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`) + ", " + runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
}

// field returns the value of a name in a file of `name separator value` lines, or "unknown".
func field(path, name, separator string) string {
	text, err := os.ReadFile(path)
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, separator); ok && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown"
}

// memoryOf converts "24551234 kB" to "23 GiB".
func memoryOf(total string) string {
	kib, err := strconv.ParseFloat(strings.TrimSuffix(total, " kB"), 64)
	if err != nil {
		return total
	}
	return fmt.Sprintf("%.0f GiB", kib/(1<<20))
}
