// SPDX-License-Identifier: Apache-2.0

package etw_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

// Whoever may write beside the program must not run code in it.
func TestWineATdhDllBesideTheProgramIsNotLoaded(t *testing.T) {
	const inside = "WINNET_BESIDE_TDH"
	if os.Getenv(inside) != "" {
		_, err := schema.FromHost(&etw.Record{Provider: etw.MustGUID("{EB79061A-A566-4698-9119-3ED2807060E7}"), ID: 256})
		var module windows.Handle
		name, _ := windows.UTF16PtrFromString("tdh.dll")
		if windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, name, &module) != nil {
			fmt.Println("tdh.dll is not loaded:", err)
			return
		}
		path := make([]uint16, windows.MAX_PATH)
		n, _ := windows.GetModuleFileName(module, &path[0], uint32(len(path)))
		fmt.Println("loaded", windows.UTF16ToString(path[:n]))
		return
	}
	wine.Require(t, "a DLL that the test plants")
	system, err := windows.GetSystemDirectory()
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	for from, to := range map[string]string{program: "program.exe", filepath.Join(system, "version.dll"): "tdh.dll"} {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), data, 0o700))
	}
	cmd := exec.Command(filepath.Join(dir, "program.exe"), "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, strings.ToLower(string(out)), "loaded "+strings.ToLower(filepath.Join(system, "tdh.dll")))
}
