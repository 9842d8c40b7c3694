// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

var update = flag.Bool("update", false, "draw docs/hubble.svg")

// shown are the commands of the picture. What they print is the same at any time.
var shown = []string{
	"observe --last 6 --protocol tcp",
	"observe --verdict DROPPED --from-pod shop/frontend-7d9f8c6b5-x2x4k --last 4",
	"observe --to-label app=database --type policy-verdict --last 3",
	"list namespaces",
}

// draw draws a terminal with lines of text.
func draw(lines []string) string {
	const char, line, margin = 6.63, 16, 14 // pixels, of 11 px in most monospaced fonts
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	w, h := int(float64(width)*char)+2*margin, len(lines)*line+2*margin
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11" role="img">
<title>A terminal with the output of hubble observe</title>
<style>
.paper { fill: #ffffff; stroke: #4a6fa5 } text { fill: #1c2733; white-space: pre } .typed { fill: #1f6f43; font-weight: bold }
@media (prefers-color-scheme: dark) { .paper { fill: #14191f; stroke: #7fa3d1 } text { fill: #e4ebf2 } .typed { fill: #7fd1a3 } }
</style>
<rect class="paper" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>
`, w, h, w, h, w-1, h-1)
	for i, l := range lines {
		var text strings.Builder
		_ = xml.EscapeText(&text, []byte(l)) // a Builder takes everything
		class := ""
		if strings.HasPrefix(l, "$ ") {
			class = ` class="typed"`
		}
		fmt.Fprintf(&out, "<text%s x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", class, margin, margin+(i+1)*line-4, text.String())
	}
	return out.String() + "</svg>\n"
}

// The example starts with its configuration as it is, and docs/hubble.svg shows what the commands print of it.
func TestTheExamplePrintsPodNamesAsThePictureShows(t *testing.T) {
	address := loopback.Address(t)
	path, err := filepath.Abs(os.Getenv("WINNET_NODE"))
	require.NoError(t, err)
	p := exec.Command(path, "--config", "examples/hubble/config.yaml", "--config", "yaml:exporters::hubble::endpoint: "+address)
	p.Dir = root
	log := &buffer{}
	p.Stdout, p.Stderr = log, log
	require.NoError(t, p.Start())
	defer func() { _ = p.Wait() }()
	defer func() { _ = p.Process.Signal(os.Interrupt) }()
	_, flows := bodies(t)
	require.Eventually(t, func() bool {
		out, err := hubble(t, "observe", "--all", "--server", address)
		return err == nil && strings.Count(out, "\n") == flows
	}, time.Minute, 200*time.Millisecond, "%s", log)

	var terminal []string
	for _, args := range shown {
		printed := lines(t, append(strings.Fields(args), "--server", address)...)
		require.NotEmpty(t, printed, args)
		terminal = append(append(terminal, "$ hubble "+args+" --server localhost:4244"), printed...)
	}
	require.Contains(t, strings.Join(terminal, "\n"), "shop/frontend-7d9f8c6b5-x2x4k:")
	picture := draw(terminal)
	if *update {
		require.NoError(t, os.WriteFile(root+"/docs/hubble.svg", []byte(picture), 0o644))
	}
	have, err := os.ReadFile(root + "/docs/hubble.svg")
	require.NoError(t, err)
	require.Equal(t, string(have), picture, "run make picture-hubble")
}
