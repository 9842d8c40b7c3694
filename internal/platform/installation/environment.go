// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	format "github.com/otelcol-winnet/otelcol-winnet/internal/platform/environment"
)

// The variables of the environment file that config.yaml reads.
const (
	receivers   = "OTELCOL_WINNET_RECEIVERS"
	exporters   = "OTELCOL_WINNET_EXPORTERS"
	attach      = "OTELCOL_WINNET_ATTACH"
	dataFolder  = "OTELCOL_WINNET_DATA"
	healthPort  = "OTELCOL_WINNET_HEALTH_PORT"
	metricsPort = "OTELCOL_WINNET_METRICS_PORT"
)

// The ports of config.yaml without the variables.
const (
	defaultHealthPort  = "13133"
	defaultMetricsPort = "8888"
)

// header begins a new environment file.
const header = `# The settings of the service otelcol-winnet, NAME=value on a line. config.yaml reads them. Secrets belong here, and not into config.yaml:
# only Administrators and SYSTEM may open this folder. Restart the service after a change.
`

// environment is an environment file: its lines, in order, with the comments.
type environment struct{ lines []string }

func parseEnvironment(content []byte) (environment, error) {
	text, err := format.Text(content)
	if err != nil {
		return environment{}, err
	}
	var e environment
	for line := range strings.Lines(text) {
		e.lines = append(e.lines, strings.TrimRight(line, "\r\n"))
	}
	return e, nil
}

// find returns the line that sets a variable, or -1.
func (e *environment) find(name string) int {
	for i, line := range e.lines {
		if key, _, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return i
		}
	}
	return -1
}

func (e *environment) get(name string) string {
	i := e.find(name)
	if i < 0 {
		return ""
	}
	_, value, _ := strings.Cut(e.lines[i], "=")
	return strings.Trim(strings.TrimSpace(value), `"`)
}

func (e *environment) set(name, value string) {
	line := name + "=" + value
	if i := e.find(name); i >= 0 {
		e.lines[i] = line
		return
	}
	e.lines = append(e.lines, line)
}

func (e *environment) bytes() []byte {
	var b bytes.Buffer
	for _, line := range e.lines {
		b.WriteString(line + "\r\n")
	}
	return b.Bytes()
}

// autoLoggers are the sources whose AutoLogger sessions the file asks for.
func (e *environment) autoLoggers() []source {
	if e.get(attach) != "true" {
		return nil
	}
	return enabledSources(e.get(receivers))
}

// apply takes over variables. Those that are not given stay as they are.
func (e *environment) apply(given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		e.set(name, given[name])
	}
	if err := e.complete(given); err != nil {
		return err
	}
	if e.find(receivers) < 0 {
		e.set(receivers, "["+sources[0].receiver+"]")
	}
	e.set(exporters, "["+strings.Join(format.Exporters(e.get), ", ")+"]")
	_, err := format.Parse(e.bytes()) // as the service will read it
	return err
}
