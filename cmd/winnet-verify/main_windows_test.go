// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestANameOfADeviceOrOfAStreamIsRefused: a report that goes to a serial port, or into a stream that Explorer does not show, is a report lost.
func TestANameOfADeviceOrOfAStreamIsRefused(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"CON", "con", "PRN", "AUX", "COM1", "LPT1", "CONOUT$", "report.json:stream", filepath.Join(folder, "NUL"), ""} {
		var out, errs bytes.Buffer
		path := name
		if name == "report.json:stream" {
			path = filepath.Join(folder, name)
		}
		require.Equal(t, exitUsage, run(t.Context(), []string{"--probes", "clock", "--out", path}, &out, &errs), "%s: %s", name, &out)
		require.Empty(t, out.String(), "no probe has run")
		require.NotEmpty(t, errs.String())
		if name != "" {
			require.Contains(t, errs.String(), "choose another one", name)
		}
	}
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, files)

	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--probes", "clock", "--out", "nul"}, &out, &errs), "%s", &errs)
	require.Contains(t, out.String(), "There is no report: nul keeps nothing.")
}
