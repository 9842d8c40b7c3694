// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheTablesOfTheMSI reads what Wine does not act on, and what no test under Wine can see.
func TestTheTablesOfTheMSI(t *testing.T) {
	msi := buildMSI(t, "1.1.0")
	one := func(name, column, value string) map[string]string {
		t.Helper()
		for _, row := range table(t, msi, name) {
			if row[column] == value {
				return row
			}
		}
		require.Fail(t, "no such row", "%s: %s", name, value)
		return nil
	}
	// Everything is 64-bit (256). Nothing is in the data folder: Setup makes that, closed to users, and what is in it stays.
	for _, c := range table(t, msi, "Component") {
		require.Equal(t, "256", c["Attributes"], c["Component"])
		require.Equal(t, "ProgramFolder", c["Directory_"], c["Component"])
	}
	// A folder that a command line could change would not be remembered by an upgrade, so none is public.
	for _, d := range table(t, msi, "Directory") {
		if d["Directory"] != "TARGETDIR" {
			require.NotEqual(t, strings.ToUpper(d["Directory"]), d["Directory"])
		}
	}
	conditions := map[string]string{}
	for _, c := range table(t, msi, "LaunchCondition") {
		conditions[c["Condition"]] = c["Description"]
	}
	require.Contains(t, conditions[`Installed OR %PROCESSOR_ARCHITECTURE<>"ARM64"`], "windows-arm64.msi")
	require.Contains(t, conditions["Installed OR WINDOWSBUILD>=14393"], "Windows Server 2016", "Go's least one")
	require.Equal(t, "WindowsBuild", one("AppSearch", "Property", "WINDOWSBUILD")["Signature_"])
	build := one("RegLocator", "Signature_", "WindowsBuild")
	require.Equal(t, []string{"2", `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, "CurrentBuildNumber", "18"},
		[]string{build["Root"], build["Key"], build["Name"], build["Type"]}, "a value of the 64-bit registry")
	require.Equal(t, "ReallySuppress", one("Property", "Property", "REBOOT")["Value"], "a server does not restart by itself, also with /qn")
	require.Contains(t, one("Property", "Property", "REINSTALLMODE")["Value"], "a", "the programs have no version to compare")

	service := one("ServiceInstall", "Name", "otelcol-winnet")
	require.Equal(t, "2", service["StartType"], "automatic")
	require.Equal(t, "16", service["ServiceType"], "a process of its own")
	require.Equal(t, "[SERVICEACCOUNT]", service["StartName"], "an upgrade keeps the account; without a service it is LocalSystem")
	require.Equal(t, "ServiceAccount", one("AppSearch", "Property", "SERVICEACCOUNT")["Signature_"])
	account := one("RegLocator", "Signature_", "ServiceAccount")
	require.Equal(t, []string{"2", `SYSTEM\CurrentControlSet\Services\otelcol-winnet`, "ObjectName", "18"},
		[]string{account["Root"], account["Key"], account["Name"], account["Type"]}, "a value of the 64-bit registry")
	require.Equal(t, `--env-file "[DataFolder]environment" --config "[DataFolder]config.yaml"`, service["Arguments"])
	require.NotEmpty(t, service["Description"])
	control := one("ServiceControl", "Name", "otelcol-winnet")
	require.Equal(t, "163", control["Event"], "started after an installation; stopped before an installation and a removal; then deleted")

	delayed := one("MsiServiceConfig", "MsiServiceConfig", "DelayedStart")
	require.Equal(t, []string{"1", "3", "1"}, []string{delayed["Event"], delayed["ConfigType"], delayed["Argument"]})
	failure := one("MsiServiceConfigFailureActions", "Name", "otelcol-winnet")
	require.Equal(t, "1[~]1[~]1", failure["Actions"], "restart")
	require.Equal(t, "10000[~]60000[~]300000", failure["DelayActions"], "ms")
	require.Equal(t, "86400", failure["ResetPeriod"], "s")

	order, when := map[string]int{}, map[string]string{}
	for _, a := range table(t, msi, "InstallExecuteSequence") {
		n, err := strconv.Atoi(a["Sequence"])
		require.NoError(t, err)
		order[a["Action"]], when[a["Action"]] = n, a["Condition"]
	}
	require.Equal(t, "VersionNT AND NOT UPGRADINGPRODUCTCODE", when["DeleteServices"], "an upgrade keeps the service")
	require.Equal(t, when["SetupRemove"], when["SetupRemoveRollback"])
	require.Equal(t, `Installed AND NOT REMOVE~="ALL" AND NOT REINSTALL`, when["SetupRestart"], "otherwise StartServices does it")
	for _, pair := range [][2]string{
		{"AppSearch", "SetSettings1"}, {"CostFinalize", "SetSettings1"}, {"SetSettings3", "Check"}, {"Check", "RemoveExistingProducts"},
		{"InstallInitialize", "RemoveExistingProducts"}, {"RemoveExistingProducts", "ProcessComponents"},
		{"AppSearch", "LaunchConditions"}, {"StartServices", "SetupRestart"}, {"SetupRestart", "InstallFinalize"},
		{"DeleteServices", "SetupRemoveRollback"}, {"SetupRemoveRollback", "SetupRemove"}, {"SetupRemove", "RemoveFiles"}, {"InstallFiles", "SetupRollback"},
		{"SetupRollback", "Setup"}, {"Setup", "SetupCommit"}, {"SetupCommit", "InstallServices"}, {"InstallServices", "WriteRegistryValues"},
		{"WriteRegistryValues", "MsiConfigureServices"}, {"MsiConfigureServices", "StartServices"}, {"StartServices", "InstallFinalize"},
	} {
		require.Less(t, order[pair[0]], order[pair[1]], "%s before %s", pair[0], pair[1])
	}

	const system, inScript, inRollback, hidden = 2048, 1024, 256, 8192
	for _, a := range table(t, msi, "CustomAction") {
		kind, err := strconv.Atoi(a["Type"])
		require.NoError(t, err)
		require.LessOrEqual(t, len(a["Target"]), 255, "%s: the column has 255 characters", a["Action"])
		if a["Source"] == "Setup" { // the program of the package itself: the installed one may be gone, or not be marked for installation
			require.Equal(t, 2, kind&0x3F, a["Action"])
			if a["Action"] != "Check" {
				require.Equal(t, system|inScript, kind&(system|inScript), a["Action"])
			}
		} else {
			require.Equal(t, 51, kind&0x3F, "%s sets a property", a["Action"])
		}
		if strings.HasSuffix(a["Action"], "Rollback") {
			require.Equal(t, 2|system|inScript|inRollback, kind)
		}
		if strings.Contains(a["Target"], "[APPLICATIONINSIGHTS_CONNECTION_STRING]") || strings.Contains(a["Target"], "[SETTINGS1]") {
			require.Contains(t, []string{"SetSettings1", "Check", "Setup"}, a["Action"])
			require.Equal(t, hidden, kind&hidden, "%s has a secret", a["Action"])
		}
		if regexp.MustCompile(`\[[A-Z_]+(SECRET|STRING)_FILE\]`).MatchString(a["Target"]) {
			require.Equal(t, "SetSettings2", a["Action"])
			require.Equal(t, hidden, kind&hidden, "what should be a path may be the secret itself")
		}
	}
	hiddenProperties := strings.Split(one("Property", "Property", "MsiHiddenProperties")["Value"], ";")
	require.Equal(t, []string{"APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE", "AZURE_CLIENT_SECRET_FILE", "SETTINGS1", "SETTINGS2",
		"Check", "Setup"}, hiddenProperties)

	secure := strings.Split(one("Property", "Property", "SecureCustomProperties")["Value"], ";")
	for _, search := range table(t, msi, "AppSearch") {
		require.Contains(t, secure, search["Property"], "the elevated part of the installer tests the conditions without a search of its own")
	}

	registry := map[string]string{}
	for _, r := range table(t, msi, "Registry") {
		require.Equal(t, "2", r["Root"], "HKEY_LOCAL_MACHINE")
		registry[r["Key"]+`\`+r["Name"]] = r["Value"]
	}
	require.Equal(t, map[string]string{
		`SYSTEM\CurrentControlSet\Services\otelcol-winnet\Environment`:                           "[~]GOMEMLIMIT=640MiB[~]",
		`SYSTEM\CurrentControlSet\Services\EventLog\Application\otelcol-winnet\EventMessageFile`: `#%%SystemRoot%\System32\EventCreate.exe`,
		`SYSTEM\CurrentControlSet\Services\EventLog\Application\otelcol-winnet\TypesSupported`:   "#7",
	}, registry)

	upgrade := one("Upgrade", "ActionProperty", "WIX_UPGRADE_DETECTED")
	require.Equal(t, []string{"1.1.0", "513"}, []string{upgrade["VersionMax"], upgrade["Attributes"]}, "also another build of the version")
}

// TestTheMSIForARM64IsForIt: the platform, the hosts that it refuses, and a product of its own; all else is equal.
func TestTheMSIForARM64IsForIt(t *testing.T) {
	amd64, arm64 := buildMSI(t, "1.1.0"), buildMSIFor(t, "arm64", "1.1.0")
	for msi, platform := range map[string]string{amd64: "x64;1033", arm64: "Arm64;1033"} {
		summary, err := exec.Command("msiinfo", "suminfo", msi).Output()
		require.NoError(t, err)
		require.Contains(t, string(summary), "Template: "+platform+"\n")
		require.Contains(t, string(summary), "Version: 500", "the least that knows ARM64")
	}
	names, err := exec.Command("msiinfo", "tables", arm64).Output()
	require.NoError(t, err)
	for name := range strings.Lines(string(names)) {
		name = strings.TrimSpace(name)
		if name == "" || strings.HasPrefix(name, "_") {
			continue
		}
		one, other := table(t, amd64, name), table(t, arm64, name)
		switch name {
		case "LaunchCondition":
			require.Contains(t, other, map[string]string{"Condition": `Installed OR %PROCESSOR_ARCHITECTURE="ARM64"`,
				"Description": "This package is for arm64. Take the one for this host: otelcol-winnet-[ProductVersion]-windows-amd64.msi."})
		case "Property":
			require.Len(t, other, len(one))
			for i := range one {
				if one[i]["Property"] == "ProductCode" {
					require.NotEqual(t, one[i], other[i])
				} else {
					require.Equal(t, one[i], other[i])
				}
			}
		default:
			require.Equal(t, one, other, name)
		}
	}
}

// TestThePropertiesAreDocumented compares the MSI's settings with the table of docs/install.md.
func TestThePropertiesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(root + "/docs/install.md")
	require.NoError(t, err)
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)`(?:, `([A-Z_]+)`)? \\|").FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, m[1])
		if m[2] != "" {
			documented = append(documented, m[2])
		}
	}
	tables, err := os.ReadFile(root + "/deploy/windows/tables.sql")
	require.NoError(t, err)
	line := regexp.MustCompile("WIX_UPGRADE_DETECTED;([A-Z_;]+)'").FindStringSubmatch(string(tables))
	require.NotNil(t, line)
	settings := strings.Split(line[1], ";")
	require.Equal(t, slices.Sorted(slices.Values(settings)), slices.Sorted(slices.Values(documented)))
	for _, s := range settings {
		require.Contains(t, string(tables), `--set "`+s+`=[`+s+`]"`, "Setup gets each of them")
	}
}
