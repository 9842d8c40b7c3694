// SPDX-License-Identifier: Apache-2.0

package confval

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestAPathInDoubleQuotesNamesTheEscapeThatBrokeIt(t *testing.T) {
	for yaml, want := range map[string]string{
		`"D:\traces\neu.etl"`:    `it reads D:<TAB>races<LF>eu.etl: within YAML's double quotes \t is TAB, \n is LF; write the path without quotes, in single quotes, or with slashes (D:/traces/new.etl)`,
		`"D:\Logs\Path\x07.etl"`: `it reads D:<LS>ogs<PS>ath<BEL>.etl: within YAML's double quotes \L is LS, \P is PS, \a is BEL`,
		`"C:\eu\_x\Neu\t\t"`:     `\e is ESC, \_ is NBSP, \N is NEL, \t is TAB;`,
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
}

func TestAPathOfTheSystemPasses(t *testing.T) {
	for _, path := range []string{
		"", `D:\traces\neu.etl`, "D:/traces/*.etl", `C:\Windows\System32\winevt\Logs\Microsoft-Windows-DNSServer%4Analytical.etl`, "/ebpf/global/cilium_events",
		"Zürich 100%/50% of it.etl", "日本.etl",
	} {
		require.NoError(t, CheckPath(path), path)
	}
}
