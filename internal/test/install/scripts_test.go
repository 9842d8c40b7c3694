// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheScriptsDoWhatTheMSIDoes compares the values in both. Nothing here runs PowerShell.
func TestTheScriptsDoWhatTheMSIDoes(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(root + "/deploy/windows/" + name)
		require.NoError(t, err)
		return string(content)
	}
	script, sql, msi, wxs := read("install.ps1"), read("tables.sql"), read("msi.sh"), read("otelcol-winnet.wxs")
	require.Contains(t, sql, "[~]GOMEMLIMIT=640MiB[~]")
	require.Contains(t, script, "@('GOMEMLIMIT=640MiB')")
	require.Contains(t, msi, "|86400|||1[~]1[~]1|10000[~]60000[~]300000|")
	require.Contains(t, script, "'reset=', '86400', 'actions=', 'restart/10000/restart/60000/restart/300000'")
	require.Contains(t, script, "'start=', 'delayed-auto'")
	for _, text := range []string{`%SystemRoot%\System32\EventCreate.exe`, `EventLog\Application\`} {
		require.Contains(t, sql, text)
		require.Contains(t, script, text)
	}
	description := regexp.MustCompile(`Description="(Reads [^"]+)"`).FindStringSubmatch(wxs)
	require.NotNil(t, description)
	require.Contains(t, script, "-Description '"+description[1]+"'")

	settings := regexp.MustCompile("WIX_UPGRADE_DETECTED;([A-Z_;]+)'").FindStringSubmatch(sql)
	require.NotNil(t, settings)
	for _, s := range strings.Split(settings[1], ";") {
		if s == "APPLICATIONINSIGHTS_CONNECTION_STRING" { // the script takes secrets from files alone
			require.NotRegexp(t, `(?m)^ +`+s+` += `, script)
			continue
		}
		require.Regexp(t, `(?m)^ +`+s+` += `, script)
	}
	// Both install the same files; the MSI names config.yaml another way.
	var installed, copied []string
	for _, m := range regexp.MustCompile(`<File Id="[A-Za-z]+" Source="([^"]+)"`).FindAllStringSubmatch(wxs, -1) {
		installed = append(installed, m[1])
	}
	list := regexp.MustCompile(`(?m)^\$files = (.+)$`).FindStringSubmatch(script)
	require.NotNil(t, list)
	for _, m := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(list[1], -1) {
		copied = append(copied, m[1])
	}
	require.ElementsMatch(t, installed, copied)
	require.Contains(t, wxs, `Name="config.default.yaml" Source="config.yaml"`)
	require.Contains(t, script, `'config.default.yaml'`)
	// A list that powershell.exe -File hands over is one string, which ValidateSet would refuse.
	require.NotRegexp(t, `ValidateSet[^\n]*\n\s*\[string\[\]\]`, script)
	// A port that is not given is 0, and is left out: one that is given as 0 would be, too.
	require.Len(t, regexp.MustCompile(`\[ValidateRange\(1, 65535\)\]\n    \[int\] \$(Health|Metrics)Port`).FindAllString(script, -1), 2)
	// A wrong setting is found before anything is changed, and what changes something is undone.
	begin := strings.Index(script, "\ntry {")
	check := strings.Index(script, "@('setup', 'check', '--data', $data)")
	require.True(t, 0 < check && check < begin)
	for _, change := range []string{"Stop-Service", "Copy-Item", "Remove-Item", "New-Item", "Set-ItemProperty", "Start-Service"} {
		require.Greater(t, strings.Index(script, change), begin, change)
	}
	require.NotContains(t, script, "Move-Item", "into a folder that is still there, it moves the backup below it")
	for _, option := range []string{"--data", "--default"} { // the account and the user are those of the service and of who runs the script
		require.Contains(t, script, "'"+option+"'")
		require.Contains(t, sql, "'apply --data")
		require.Contains(t, sql, option+` "`)
	}
	// What the MSI refuses before it changes anything; and settings that the service would refuse are found before it is started.
	for _, refusal := range []string{"CurrentBuildNumber -lt 14393", "-eq 'ARM64') -ne ($machine -eq 0xAA64)", "if (Get-MsiProduct)"} {
		at := strings.Index(script, refusal)
		require.True(t, 0 < at && at < begin, refusal)
	}
	validate := strings.Index(script, "@('validate', '--env-file', $environment, '--config', $config)")
	require.True(t, strings.Index(script, "@('setup', 'apply'") < validate && validate < strings.Index(script, "New-Service"))
	remove := read("uninstall.ps1")
	product := regexp.MustCompile(`(?s)\nfunction Get-MsiProduct {\n.*?\n}\n`)
	require.NotEmpty(t, product.FindString(script))
	require.Equal(t, product.FindString(script), product.FindString(remove))
	require.Less(t, strings.Index(remove, "if ($product)"), strings.Index(remove, "Get-Service"))
	// A service that does not stop, and a file in use, must not leave the old version stopped; nor must a warning of a program, which is an error
	// record in a remote session.
	waits := regexp.MustCompile(`Stop-Service -Name \$name -NoWait\n +(?:try { )?\$(existing|now)\.WaitForStatus\('Stopped', '00:01:00'\)`)
	require.Len(t, waits.FindAllString(script, -1), strings.Count(script, "Stop-Service -"))
	require.Len(t, waits.FindAllString(remove, -1), strings.Count(remove, "Stop-Service -"))
	undo := script[strings.Index(script, "\n} catch {"):]
	require.Regexp(t, `^\n} catch {\n    \$failure = \$_\n    \$ErrorActionPreference = 'Continue'`, undo)
	require.Regexp(t, `try { \$now\.WaitForStatus\([^\n]+\) } catch { Write-Warning "\$_" }\n`, undo, "which a caller's try would end")
	require.Regexp(t, `try { & \$exe setup rollback [^\n]+ } catch { Write-Warning "\$_" }\n`, undo)
	require.Regexp(t, `(?s)Copy-Item [^\n]+ -ErrorVariable left\n +if \(\$left\) {.+? else {\n +Remove-Item -LiteralPath \$backup`, undo)
	require.Regexp(t, `\$ErrorActionPreference = 'Continue'\n    \$global:LASTEXITCODE = -1 [^\n]+\n    & \$File @Arguments\n`, script)
	require.Less(t, strings.Index(script, "[Environment]::Is64BitOperatingSystem"), strings.Index(script, "$env:ProgramW6432"), "which a 32-bit Windows lacks")
	for _, text := range []string{script, remove} { // in a 32-bit PowerShell, $env:ProgramFiles is the folder of 32-bit programs
		require.Contains(t, text, "Join-Path $env:ProgramW6432 $name")
		require.NotContains(t, text, "Join-Path $env:ProgramFiles")
	}
	require.Contains(t, remove, "setup remove")
	require.NotContains(t, remove, "$env:ProgramData $name) -Recurse", "data and configuration stay")
}
