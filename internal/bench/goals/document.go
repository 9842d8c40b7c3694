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

// document returns docs/benchmarks.md.
func document(rows []row, measured bool, command string, m machine, at time.Time) ([]byte, error) {
	t, err := template.New("").Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Measured": measured, "Table": markdown(rows), "Summary": summary(rows), "Command": command, "Machine": m, "Date": at.Format(time.DateOnly),
	})
	return b.Bytes(), err
}

// resultLines returns the lines of a benchmark's output that benchstat reads: the configuration and the results.
func resultLines(raw []byte) []byte {
	var b bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		for _, kind := range []string{"goos: ", "goarch: ", "pkg: ", "cpu: ", "Benchmark"} {
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
