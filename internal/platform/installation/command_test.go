// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fake is a host with AutoLogger keys, access and events in memory.
type fake struct {
	keys     []source
	refuses  error    // what secure returns
	fails    error    // what writeAutoLoggers returns
	foreign  error    // what owned returns
	runs     bool     // the service
	broken   error    // what start returns
	did      []string // stop and start
	account  string
	access   map[string]string // of the folder before secure
	restored map[string]string
	events   []string
}

func (h *fake) secure(folder, account string) (map[string]string, error) {
	h.account = account
	err := h.refuses
	for _, name := range subfolders {
		err = errors.Join(err, os.MkdirAll(filepath.Join(folder, name), 0o700))
	}
	return h.access, err
}

func (h *fake) restoreAccess(access map[string]string) error {
	h.restored = access
	return nil
}

func (h *fake) owned(string, string) error { return h.foreign }

func (h *fake) report(text string) { h.events = append(h.events, text) }

func (h *fake) writeAutoLoggers(on []source) error {
	if h.fails != nil {
		return h.fails
	}
	h.keys = on
	return nil
}

func (h *fake) savedAutoLoggers() ([]source, error) { return h.keys, nil }

func (h *fake) running() (bool, error) { return h.runs, nil }

func (h *fake) stop() error {
	if h.runs {
		h.runs, h.did = false, append(h.did, "stop")
	}
	return nil
}

func (h *fake) start() error {
	h.did = append(h.did, "start")
	h.runs = h.broken == nil
	return h.broken
}

func (h *fake) names() (names []string) {
	for _, s := range h.keys {
		names = append(names, s.name)
	}
	return names
}

// setup runs `setup ACTION --data FOLDER --set …`.
func setup(h host, action, folder string, settings ...string) error {
	args := []string{action, "--data", folder}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	return run(h, args, io.Discard)
}

func content(t *testing.T, folder string) string {
	t.Helper()
	c, err := os.ReadFile(filepath.Join(folder, EnvironmentFile))
	require.NoError(t, err)
	return string(c)
}

func TestSettingsGoIntoTheEnvironmentFile(t *testing.T) {
	folder, h := filepath.Join(t.TempDir(), "data"), &fake{}
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-server, Cilium", "AUTOLOGGER=", "APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=a;b=c"))
	require.Equal(t, crlf(header+"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=a;b=c\nOTELCOL_WINNET_DATA="+folder+
		"\nOTELCOL_WINNET_RECEIVERS=[asimdns/dns-server, ciliumwindows/cilium]\nOTELCOL_WINNET_EXPORTERS=[app_insights]\n"), content(t, folder))
	require.DirExists(t, filepath.Join(folder, "storage"))
	require.Empty(t, h.keys)
}

// Values that are well formed.
const (
	rule   = "dcr-0123456789abcdef0123456789abcdef"
	client = "11111111-2222-3333-4444-555555555555"
)

func crlf(text string) string {
	var out []byte
	for i := range len(text) {
		if text[i] == '\n' {
			out = append(out, '\r')
		}
		out = append(out, text[i])
	}
	return string(out)
}

func TestASecondSetupKeepsWhatItIsNotTold(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	require.NoError(t, os.WriteFile(filepath.Join(folder, EnvironmentFile), []byte("# mine\r\nHTTPS_PROXY=http://proxy:8080\r\nazure_dcr_id = "+rule+"\r\n"), 0o600))
	require.NoError(t, setup(h, "apply", folder, "AZURE_DCE_ENDPOINT=https://one.example", "SOURCES="))
	require.NoError(t, setup(h, "commit", folder))
	require.Equal(t, "# mine\r\nHTTPS_PROXY=http://proxy:8080\r\nazure_dcr_id = "+rule+"\r\nAZURE_DCE_ENDPOINT=https://one.example\r\nOTELCOL_WINNET_DATA="+folder+
		"\r\nOTELCOL_WINNET_RECEIVERS=[asimdns/dns-server]\r\nOTELCOL_WINNET_EXPORTERS=[sentinel]\r\n", content(t, folder))
	require.NoError(t, setup(h, "apply", folder, "AZURE_DCE_ENDPOINT=https://two.example"))
	require.Contains(t, content(t, folder), "AZURE_DCE_ENDPOINT=https://two.example\r\n")
	require.NotContains(t, content(t, folder), "one.example")
}

func TestRecordsGoToFilesUntilThereIsADestination(t *testing.T) {
	for settings, want := range map[string]string{
		"HEALTH_PORT=23133":         "[file]",
		"AZURE_CLIENT_ID=" + client: "[file]",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=1": "[app_insights]",
	} {
		folder := t.TempDir()
		require.NoError(t, setup(&fake{}, "apply", folder, settings))
		require.Contains(t, content(t, folder), "OTELCOL_WINNET_EXPORTERS="+want+"\r\n", settings)
	}
}

func TestAPortIsDecimal(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, setup(&fake{}, "apply", folder, "METRICS_PORT=010000"))
	require.Contains(t, content(t, folder), "OTELCOL_WINNET_METRICS_PORT=10000\r\n")
}

func TestTheTwoPortsAreDifferent(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	const same = "both are the same port"
	require.ErrorContains(t, setup(h, "check", folder, "HEALTH_PORT=23133", "METRICS_PORT=23133"), same)
	require.NoError(t, setup(h, "apply", folder, "HEALTH_PORT=8888", "METRICS_PORT=13133"), "each is the other's by default")
	require.ErrorContains(t, setup(h, "check", folder, "METRICS_PORT=8888"), same)

	// The defaults are those of the configuration.
	config, err := os.ReadFile("../../../deploy/windows/config.yaml")
	require.NoError(t, err)
	require.Contains(t, string(config), "${env:"+healthPort+":-"+defaultHealthPort+"}")
	require.Contains(t, string(config), "${env:"+metricsPort+":-"+defaultMetricsPort+"}")
}

func TestASecretComesFromAFile(t *testing.T) {
	folder, file := t.TempDir(), filepath.Join(t.TempDir(), "secret.txt")
	wide := []byte{0xff, 0xfe} // as Out-File of Windows PowerShell writes it
	for _, c := range []byte("InstrumentationKey=1\r\n") {
		wide = append(wide, c, 0)
	}
	require.NoError(t, os.WriteFile(file, wide, 0o600))
	require.NoError(t, setup(&fake{}, "apply", folder, "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+file))
	require.Contains(t, content(t, folder), "\r\nAPPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=1\r\n")

	require.NoError(t, os.WriteFile(file, []byte(" \r\n"), 0o600))
	require.ErrorContains(t, setup(&fake{}, "apply", folder, "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+file), "is empty")
	require.ErrorContains(t, setup(&fake{}, "apply", folder, "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+file+"x"), "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE: its file: open: ")
}

func TestAWrongSettingChangesNothing(t *testing.T) {
	for setting, want := range map[string]string{
		"SOURCES=dns-sever":                             "want a list of dns-server, dns-client and cilium",
		"SOURCES=cilium,cilium":                         "cilium is there twice",
		"AUTOLOGGER=maybe":                              "want yes or no",
		"AZURE_DCR_ID=a\nEVIL=1":                        "want one line",
		"AZURE_DCR_ID=\"":                               "want one line",
		"FOO=1":                                         "FOO is no setting; want one of APPLICATIONINSIGHTS_CONNECTION_STRING, AUTOLOGGER, AZURE_CLIENT_ID,",
		"FOO_FILE=1":                                    "FOO_FILE is no setting",
		"HEALTH_PORT=0":                                 "want a number from 1 to 65535",
		"METRICS_PORT=65536":                            "want a number from 1 to 65535",
		"METRICS_PORT=013133":                           "HEALTH_PORT and METRICS_PORT: both are the same port",
		"HEALTH_PORT=8888":                              "HEALTH_PORT and METRICS_PORT: both are the same port",
		"AZURE_DCE_ENDPOINT=not a url":                  "AZURE_DCE_ENDPOINT: it is no address of a host",
		"AZURE_DCE_ENDPOINT=http://one.example":         "it is no address of a host",
		"AZURE_DCE_ENDPOINT=https://one.example/a?b=c":  "it is no address of a host",
		"AZURE_DCR_ID=abc":                              "AZURE_DCR_ID: want the immutable id",
		"AZURE_CLIENT_ID=abc":                           "AZURE_CLIENT_ID: want the application's",
		"AZURE_TENANT_ID=a b":                           "AZURE_TENANT_ID: want the id of the directory",
		"AZURE_DCE_ENDPOINT=https://one.example":        "AZURE_DCE_ENDPOINT: it has no effect without AZURE_DCR_ID",
		"AZURE_DCR_ID=" + rule:                          "AZURE_DCR_ID: it has no effect without AZURE_DCE_ENDPOINT",
		"AZURE_CLIENT_SECRET=s":                         "AZURE_CLIENT_SECRET: it has no effect without AZURE_TENANT_ID",
		"AZURE_CLIENT_SECRET_FILE=secret.txt":           "AZURE_CLIENT_SECRET_FILE: it is no full path",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=garbage": "APPLICATIONINSIGHTS_CONNECTION_STRING: it has a part that is not KEY=VALUE",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=A=1":     "it has no instrumentation key",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=1;InstrumentationKey=2": "a key twice",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=1;IngestionEndpoint=x":  "its IngestionEndpoint, or its EndpointSuffix, is no address",
		"not a name=1": "a name that is given is no setting",
	} {
		folder, h := t.TempDir(), &fake{}
		require.ErrorContains(t, setup(h, "apply", folder, setting), want, setting)
		require.NoFileExists(t, filepath.Join(folder, EnvironmentFile), setting)
	}
	require.ErrorContains(t, run(&fake{}, nil, io.Discard), "an action is missing")
	require.ErrorContains(t, run(&fake{}, []string{"apply"}, io.Discard), "--data is missing")
	require.ErrorContains(t, run(&fake{}, []string{"undo", "--data", "x"}, io.Discard), "it is no action")
}

func TestAFolderOfSomeoneElseIsRefused(t *testing.T) {
	folder := t.TempDir()
	require.ErrorContains(t, setup(&fake{refuses: errors.New("it belongs to a user")}, "apply", folder), "it belongs to a user")
	require.NoFileExists(t, filepath.Join(folder, EnvironmentFile))
}

func TestAutoLoggersAreOnRequest(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	apply := func(settings ...string) {
		t.Helper()
		require.NoError(t, setup(h, "apply", folder, settings...))
		require.NoError(t, setup(h, "commit", folder))
	}
	apply("SOURCES=dns-server,cilium", "AUTOLOGGER=yes")
	require.Equal(t, []string{"dns-server", "cilium"}, h.names())
	require.Contains(t, content(t, folder), "OTELCOL_WINNET_ATTACH=true\r\n")
	apply("SOURCES=dns-client")
	require.Equal(t, []string{"dns-client"}, h.names(), "an upgrade keeps the request, with its own sources")
	apply("AUTOLOGGER=no")
	require.Empty(t, h.keys)
	require.Contains(t, content(t, folder), "OTELCOL_WINNET_ATTACH=false\r\n")
	apply("AUTOLOGGER=yes")
	require.NoError(t, run(h, []string{"remove"}, io.Discard))
	require.Empty(t, h.keys)
	apply()
	require.Equal(t, []string{"dns-client"}, h.names(), "a removal keeps the settings, so the next installation has them")
}

func TestTheServiceIsRestartedForWhatItReadsAtItsStart(t *testing.T) {
	folder, h := t.TempDir(), &fake{runs: true}
	did := func(want ...string) {
		t.Helper()
		require.Equal(t, want, h.did)
		h.did = nil
	}
	apply := func(settings ...string) {
		t.Helper()
		require.NoError(t, setup(h, "apply", folder, settings...))
		require.NoError(t, setup(h, "restart", folder))
		require.NoError(t, setup(h, "commit", folder))
	}
	apply("SOURCES=dns-client")
	did("stop", "start")
	apply("SOURCES=dns-client")
	apply()
	did() // nothing is new
	apply("HEALTH_PORT=23133")
	did("stop", "start")
	require.NoError(t, setup(h, "restart", folder))
	did() // nothing was applied
	h.runs = false
	apply("HEALTH_PORT=23134")
	did() // an administrator has stopped it
}

func TestARollbackStartsTheServiceThatARestartHasStopped(t *testing.T) {
	folder, h := t.TempDir(), &fake{runs: true}
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-client"))
	require.NoError(t, setup(h, "commit", folder))
	before := content(t, folder)

	// It runs with settings that are undone.
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.NoError(t, setup(h, "restart", folder))
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, []string{"stop", "start", "stop", "start"}, h.did)
	require.Equal(t, before, content(t, folder))

	// It does not start with them.
	h.did, h.broken = nil, errors.New("it has stopped")
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.ErrorContains(t, setup(h, "restart", folder), "it has stopped")
	h.broken = nil
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, []string{"stop", "start", "start"}, h.did)
	require.True(t, h.runs)

	// An administrator had stopped it, also after a restart that was neither committed nor undone.
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.NoError(t, setup(h, "restart", folder))
	h.did, h.runs = nil, false
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-server"))
	require.NoError(t, setup(h, "restart", folder))
	require.NoError(t, setup(h, "rollback", folder))
	require.Empty(t, h.did)
	require.Equal(t, before, content(t, folder))

	// No restart: the service is the installer's.
	h.runs = true
	require.Error(t, setup(h, "apply", folder, "SOURCES=none"))
	require.NoError(t, setup(h, "rollback", folder))
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.NoError(t, setup(h, "rollback", folder))
	require.Empty(t, h.did)
}

func TestARemovalThatIsUndoneGetsItsAutoLoggersBack(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-client,cilium", "AUTOLOGGER=yes"))
	require.NoError(t, setup(h, "commit", folder))
	require.NoError(t, run(h, []string{"remove"}, io.Discard))
	require.Empty(t, h.keys)
	require.NoError(t, setup(h, "autologgers", folder))
	require.Equal(t, []string{"dns-client", "cilium"}, h.names())
	require.NoError(t, setup(h, "autologgers", t.TempDir()))
	require.Empty(t, h.keys, "without a request there are none")
}

func TestARollbackPutsEverythingBack(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-client", "AUTOLOGGER=yes"))
	require.NoError(t, setup(h, "commit", folder))
	before := content(t, folder)
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-server", "AUTOLOGGER=no"))
	require.NotEqual(t, before, content(t, folder))
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, before, content(t, folder))
	require.Equal(t, []string{"dns-client"}, h.names())
	require.NoError(t, setup(h, "rollback", folder), "nothing is left to undo")
	require.Equal(t, before, content(t, folder))

	// The first installation leaves no environment file, also if its second half failed.
	folder, h = t.TempDir(), &fake{fails: errors.New("access denied")}
	require.ErrorContains(t, setup(h, "apply", folder, "AUTOLOGGER=yes"), "access denied")
	h.fails = nil
	require.NoError(t, setup(h, "rollback", folder))
	require.NoFileExists(t, filepath.Join(folder, EnvironmentFile))
	require.NoFileExists(t, filepath.Join(folder, "before-setup.json"))
}

func TestARollbackPutsTheAccessBackAndRemovesTheConfigurationThatWasMade(t *testing.T) {
	folder, h := t.TempDir(), &fake{access: map[string]string{`C:\data`: "D:(A;;FA;;;WD)"}}
	defaults := filepath.Join(t.TempDir(), "config.default.yaml")
	require.NoError(t, os.WriteFile(defaults, []byte("receivers:\n"), 0o600))
	config := filepath.Join(folder, "config.yaml")
	apply := func() {
		t.Helper()
		require.NoError(t, run(h, []string{"apply", "--data", folder, "--default", defaults, "--account", `NT SERVICE\otelcol-winnet`}, io.Discard))
	}
	apply()
	require.Equal(t, `NT SERVICE\otelcol-winnet`, h.account)
	require.FileExists(t, config)
	require.NoError(t, setup(h, "rollback", folder))
	require.NoFileExists(t, config)
	require.Equal(t, h.access, h.restored)

	// One that was there, or was edited since, stays.
	apply()
	require.NoError(t, os.WriteFile(config, []byte("# mine\n"), 0o600))
	require.NoError(t, setup(h, "rollback", folder))
	apply()
	require.NoError(t, setup(h, "rollback", folder))
	now, err := os.ReadFile(config)
	require.NoError(t, err)
	require.Equal(t, "# mine\n", string(now))
}

func TestARollbackKeepsWhatWasEditedAfterAnApplyThatWasNotCommitted(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	file := filepath.Join(folder, EnvironmentFile)
	edit := func(line string) {
		t.Helper()
		require.NoError(t, os.WriteFile(file, []byte(content(t, folder)+line+"\r\n"), 0o600))
	}
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-client"))
	edit("HTTPS_PROXY=http://proxy:8080")
	mine := content(t, folder)
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, mine, content(t, folder), "the second apply is undone, and the edit stays")

	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	edit("NO_PROXY=localhost")
	mine = content(t, folder)
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, mine, content(t, folder))

	// Without an edit, what two applies changed is undone as one.
	require.NoError(t, setup(h, "apply", folder, "SOURCES=cilium"))
	require.NoError(t, setup(h, "apply", folder, "SOURCES=dns-server"))
	require.NoError(t, setup(h, "rollback", folder))
	require.Equal(t, mine, content(t, folder))
}

func TestACheckFindsWhatAnApplyWouldRefuseAndChangesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("InstrumentationKey=1"), 0o600))
	check := func(h host, settings ...string) error {
		args := []string{"check"}
		for i, s := range settings {
			if s == "--data" {
				args = append(args, settings[i:]...)
				break
			}
			args = append(args, "--set", s)
		}
		return run(h, args, io.Discard)
	}
	h := &fake{}
	require.NoError(t, check(h, "SOURCES=dns-server", "AUTOLOGGER=", "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+file))
	require.Empty(t, h.events)
	require.ErrorContains(t, check(h, "SOURCES=dns-sever"), `"dns-sever" is no source`)
	require.ErrorContains(t, check(h, "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+file+"x"), "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE")
	require.ErrorContains(t, check(h, "AZURE_DCR_ID=a\"b"), "AZURE_DCR_ID")
	require.ErrorContains(t, check(h, "AZURE_DCR_ID="+rule), "AZURE_DCR_ID: it has no effect without AZURE_DCE_ENDPOINT")
	folder := t.TempDir() // which has the other one
	require.NoError(t, os.WriteFile(filepath.Join(folder, EnvironmentFile), []byte("AZURE_DCE_ENDPOINT=https://one.example\r\n"), 0o600))
	require.NoError(t, check(h, "AZURE_DCR_ID="+rule, "--data", folder))
	require.ErrorContains(t, check(&fake{foreign: errors.New("belongs to a user")}, "AZURE_CLIENT_SECRET_FILE="+file), "AZURE_CLIENT_SECRET_FILE: belongs to a user")
	require.NoError(t, check(&fake{foreign: os.ErrPermission}, "AZURE_CLIENT_SECRET_FILE="+file), "the installer's account may be able to open it")
	require.Empty(t, h.account)
	require.Empty(t, h.keys)
}

func TestAFailureIsInTheEventLogWithoutASecret(t *testing.T) {
	folder, h := t.TempDir(), &fake{}
	require.Error(t, setup(h, "apply", folder, "SOURCES=dns-sever"))
	require.Len(t, h.events, 1)
	require.Contains(t, h.events[0], `setup apply: SOURCES: "dns-sever" is no source; want a list of`)

	h.events = nil
	require.Error(t, run(h, []string{"apply", "--data", folder, "--set", "AZURE_CLIENT_SECRET=a", "the-rest-of-a-secret"}, io.Discard))
	require.Error(t, setup(h, "apply", folder, "the-rest-of-a-secret"))
	require.Error(t, setup(h, "apply", folder, "AZURE_CLIENT_SECRET=the-rest-of-a-secret\"b"))
	require.Len(t, h.events, 3)
	for _, e := range h.events {
		require.NotContains(t, e, "the-rest-of-a-secret")
	}
	h.events = nil
	for _, name := range []string{"SOURCES", "AUTOLOGGER", "HEALTH_PORT", "METRICS_PORT", "AZURE_DCE_ENDPOINT", "AZURE_DCR_ID", "AZURE_TENANT_ID",
		"AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_CONNECTION_STRING"} {
		require.Error(t, setup(h, "apply", folder, name+"=InstrumentationKey;s8~Q/"), "a secret in the wrong place")
	}
	require.Len(t, h.events, 9)
	for _, e := range h.events {
		require.NotContains(t, strings.ToLower(e), "s8~q")
	}
	h.events = nil
	folderOf := func(secret string) string { return filepath.Join(t.TempDir(), secret) } // as install.ps1 makes a full path of whatever it is given
	for _, given := range []string{"AZURE_CLIENT_SECRET_FILE=s8~Q", "AZURE_CLIENT_SECRET_FILE=" + folderOf("s8~Q"), "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE=InstrumentationKey=s8~Q",
		"s8~Q_FILE=C:\\x", "s8~Q=="} {
		require.Error(t, setup(h, "apply", folder, given))
	}
	require.Error(t, run(h, []string{"s8~Q"}, io.Discard))
	require.Error(t, run(h, []string{"s8~Q", "--data", folder}, io.Discard))
	require.Len(t, h.events, 7)
	for _, e := range h.events {
		require.NotContains(t, e, "s8~Q")
	}
	h.events = nil
	h.refuses = errors.New("the folder is a user's")
	require.Error(t, setup(h, "apply", folder))
	require.Contains(t, h.events[0], "the folder is a user's")
}
