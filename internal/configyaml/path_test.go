// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestAPathInDoubleQuotesNamesTheEscapeThatBrokeIt(t *testing.T) {
	for yaml, want := range map[string]string{
		`"D:\traces\neu.etl"`:    `it reads D:<TAB>races<LF>eu.etl: within YAML's double quotes \t is TAB, \n is LF; write the path without quotes, in single quotes, or with slashes (D:/traces/new.etl)`,
		`"D:\Logs\Path\x07.etl"`: `it reads D:<LS>ogs<PS>ath<BEL>.etl: within YAML's double quotes \L is LS, \P is PS, \a is BEL`,
		`"C:\eu\_x\Neu\t\t"`:     `\e is ESC, \_ is NBSP, \N is NEL, \t is TAB;`,
		`"D:\_alt"`:              `it reads D:<NBSP>alt: within YAML's double quotes \_ is NBSP;`,
		`"D:\x1f.etl"`:           `it reads D:<U+001F>.etl: within YAML's double quotes \x1F is the control character U+001F;`,
	} {
		conf, err := confmap.NewRetrievedFromYAML([]byte("path: " + yaml))
		require.NoError(t, err, yaml)
		m, err := conf.AsConf()
		require.NoError(t, err, yaml)
		require.ErrorContains(t, CheckPath(m.Get("path").(string)), want, yaml)
	}
}

func TestAVariableOfTheCommandLineInAPathNamesTheOneThatIsExpanded(t *testing.T) {
	require.EqualError(t, CheckPath(`%ProgramData%\otel\dns.etl`), `"%ProgramData%\\otel\\dns.etl": nothing expands %ProgramData% here; want ${env:ProgramData}`)
	require.ErrorContains(t, CheckPath(`D:/traces/dns-%COMPUTERNAME%.etl`), "want ${env:COMPUTERNAME}")
	require.ErrorContains(t, CheckPath(`D:/traces/dns-%computername%.etl`), "want ${env:computername}")
	require.ErrorContains(t, CheckPath(`%ProgramFiles(x86)%\dns.etl`), "nothing expands %ProgramFiles(x86)% here; want the folder itself")
	require.ErrorContains(t, CheckPath(`D:\100%_of%TEMP%\dns.etl`), "want ${env:TEMP}", "a percent sign before it hides none")
	require.ErrorContains(t, CheckPath(`%TRACES%\dns.etl`), "want ${env:TRACES}", "a folder of such a name is a variable of somebody's own")
	require.ErrorContains(t, CheckPath(`D:\%TRACES%\dns.etl`), "want ${env:TRACES}")
}

// legalNames are names that NTFS takes, as every file system of Linux does.
var legalNames = []string{
	"100%_of%x.etl", "%x%y.etl", "50%a%b%c%.etl", "%%.etl", "%4Analytical%.etl", "100 % of it.etl", "Microsoft-Windows-DNSServer%4Analytical.etl",
	"$dns.etl", "$$.etl", "${dns}.etl", "{a}.etl", "}{.etl", "(1).etl", "a[1].etl", "a[.etl", "]a[.etl", "a, b.etl", "a;b.etl", "a=b.etl", "a'b`.etl", "a&b^c!.etl", "#a.etl", "~a.etl", "@a.etl",
	"Zürich.etl", "日本.etl", "日本\u3000東京.etl", "trace\u00a02026.etl", "می\u200cخواهم.etl", "👩\u200d💻.etl", "e\u0301.etl", "..a.etl", "a..etl", ".etl",
}

func TestALegalNameIsTakenWhetherTheFileIsThereOrNot(t *testing.T) {
	dir := t.TempDir()
	for _, name := range legalNames {
		path := filepath.Join(dir, name)
		require.NoError(t, CheckPath(name), "%q", name)
		require.NoError(t, CheckPath(path), "%q", name)
		require.NoError(t, NewFile(name), "%q", name)
		require.NoError(t, NewFile(path), "%q", name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, CheckPath(path), "%q", name)
		require.NoError(t, NewFile(path), "%q", name)
	}
}

func TestAFileThatIsThereIsNeverRefusedBecauseOfItsName(t *testing.T) {
	dir := t.TempDir()
	names := []string{"%TEMP%.etl", "dns-%COMPUTERNAME%.etl", "%ProgramFiles(x86)%", "a\u200b.etl"}
	if runtime.GOOS != "windows" {
		names = append(names, "a\tb.etl", "a\nb.etl", "\u2028.etl", "a?.etl", `a\`, "a|b.etl", "a ", "\xff.etl", `%A%\b.etl`)
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		require.Error(t, NewFile(path), "%q is not there", name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, CheckPath(path), "%q", name)
		require.NoError(t, NewFile(path), "%q", name)
	}
	folder := filepath.Join(dir, "%TRACES%")
	require.Error(t, CheckPath(filepath.Join(folder, "dns.etl")))
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, CheckPath(filepath.Join(folder, "dns.etl")), "a new file in a folder that is there")
	require.ErrorContains(t, CheckPath(filepath.Join(folder, "%TEMP%.etl")), "want ${env:TEMP}")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "dns-%TEMP%-1.etl"), nil, 0o600))
	require.NoError(t, CheckPath(filepath.Join(folder, "dns-%TEMP%-*.etl")), "a pattern that finds it")
}

func TestAPathOfTheSystemPasses(t *testing.T) {
	for _, path := range []string{
		"", `D:\traces\neu.etl`, "D:/traces/*.etl", `C:\Windows\System32\winevt\Logs\Microsoft-Windows-DNSServer%4Analytical.etl`, "/ebpf/global/cilium_events",
		"Zürich 100%/50% of it.etl", "日本.etl", `\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\a.etl`, `D:\$Recycle.Bin\a.etl`,
	} {
		require.NoError(t, CheckPath(path), path)
	}
}
