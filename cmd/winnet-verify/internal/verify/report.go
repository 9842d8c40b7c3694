// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// SchemaVersion is the version of Report. It changes when a field goes, or gets another meaning. docs/winnet-verify.md describes the fields.
const SchemaVersion = 1

// Report is what a run found.
type Report struct {
	Schema   int             `json:"schema"`
	Program  string          `json:"program"` // the version of winnet-verify
	Started  time.Time       `json:"started"` // UTC
	Seconds  float64         `json:"seconds"` // the whole run
	WithData bool            `json:"with_data"`
	Host     Windows         `json:"host"`
	Summary  map[Verdict]int `json:"summary"` // the number of probes by verdict
	Probes   []Result        `json:"probes"`

	cut bool
}

// Windows describes the host.
type Windows struct {
	Version    string `json:"version"` // such as 10.0.26100
	Build      uint32 `json:"build"`
	Server     bool   `json:"server"`
	Machine    string `json:"machine"` // the processor: amd64 or arm64
	Program    string `json:"program"` // the processor that winnet-verify was built for
	Processors int    `json:"processors"`
}

// String names the host in documents.
func (w Windows) String() string {
	kind := "Windows"
	if w.Server {
		kind = "Windows Server"
	}
	return fmt.Sprintf("%s %s %s", kind, w.Version, w.Machine)
}

// Verdict is the outcome of a probe.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass"           // the host is as expected
	Fail          Verdict = "fail"           // it is not
	Unknown       Verdict = "unknown"        // the probe was not run to its end
	NotApplicable Verdict = "not applicable" // the host lacks what the probe looks at
)

// Result is what a probe found.
type Result struct {
	Name     string         `json:"name"`
	Expected string         `json:"expected"`
	Found    string         `json:"found"`
	Verdict  Verdict        `json:"verdict"`
	Evidence map[string]any `json:"evidence,omitempty"` // what the verdict rests on
	Seconds  float64        `json:"seconds"`
}

// Failed reports whether a probe has failed.
func (r *Report) Failed() bool { return r.Summary[Fail] > 0 }

// CutOff reports whether the run was cut off before a probe's end.
func (r *Report) CutOff() bool { return r.cut }

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Line is the result as one line of the summary.
func (r Result) Line() string {
	return fmt.Sprintf("%-14s  %-20s  %s", r.Verdict, r.Name, r.Found)
}

// Totals is the last line of the summary.
func (r *Report) Totals() string {
	var parts []string
	for _, v := range []Verdict{Pass, Fail, Unknown, NotApplicable} {
		parts = append(parts, fmt.Sprintf("%d %s", r.Summary[v], v))
	}
	return fmt.Sprintf("%s: %s", r.Host, strings.Join(parts, ", "))
}
