// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	format "github.com/otelcol-winnet/otelcol-winnet/internal/platform/environment"
)

// known are the settings: the variable of the environment file that each one sets, and what makes its value out of that of the setting. An error
// does not quote the value, which may be a secret in the wrong place: users can read the Event Log. The forms are those that the exporters'
// configuration has.
var known = map[string]struct {
	variable string
	value    func(string) (string, error)
}{
	"SOURCES":                               {receivers, sourceList},
	"AUTOLOGGER":                            {attach, yesOrNo},
	"HEALTH_PORT":                           {healthPort, port},
	"METRICS_PORT":                          {metricsPort, port},
	"APPLICATIONINSIGHTS_CONNECTION_STRING": {"APPLICATIONINSIGHTS_CONNECTION_STRING", connectionString},
	dceEndpoint:                             {dceEndpoint, endpoint},
	dcrID:                                   {dcrID, matching(`^dcr-[0-9a-f]{32}$`, "want the immutable id of the data collection rule: dcr- and 32 hexadecimal digits")},
	tenantID:                                {tenantID, matching(`^[0-9A-Za-z.-]+$`, "want the id of the directory, a GUID, or its domain")},
	clientID:                                {clientID, matching(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`, "want the application's (client) id, a GUID")},
	clientSecret:                            {clientSecret, func(s string) (string, error) { return s, nil }},
}

// The settings of Sentinel.
const (
	dceEndpoint  = "AZURE_DCE_ENDPOINT"
	dcrID        = "AZURE_DCR_ID"
	tenantID     = "AZURE_TENANT_ID"
	clientID     = "AZURE_CLIENT_ID"
	clientSecret = "AZURE_CLIENT_SECRET"
)

// needs are settings that have no effect without another one.
var needs = [...]struct{ setting, other string }{{dceEndpoint, dcrID}, {dcrID, dceEndpoint}, {clientSecret, tenantID}, {clientSecret, clientID}}

// complete returns an error if a setting that is given needs another one, which is neither given nor in the file, or is a port that the service
// has for something else.
func (e *environment) complete(given map[string]string) error {
	for _, n := range needs {
		if given[n.setting] != "" && e.get(n.other) == "" {
			return fmt.Errorf("%s: it has no effect without %s; give both", n.setting, n.other)
		}
	}
	health, metrics := cmp.Or(e.get(healthPort), defaultHealthPort), cmp.Or(e.get(metricsPort), defaultMetricsPort)
	if health == metrics && (given[healthPort] != "" || given[metricsPort] != "") {
		return errors.New("HEALTH_PORT and METRICS_PORT: both are the same port; want two")
	}
	return nil
}

// resolve turns settings into variables of the environment file. A setting without a value is left out.
func resolve(h host, user string, settings map[string]string) (map[string]string, error) {
	resolved := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := strings.TrimSpace(settings[name])
		if value == "" {
			continue
		}
		setting, ok := known[name]
		if target, isFile := strings.CutSuffix(name, "_FILE"); isFile {
			if setting, ok = known[target]; ok {
				if settings[target] != "" {
					return nil, fmt.Errorf("%s and %s are both set; want one of them", target, name)
				}
				var err error
				if value, err = readSetting(h, user, value); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		if !ok {
			return nil, unknownSetting(name)
		}
		if strings.ContainsAny(value, "\r\n\x00\"") {
			return nil, fmt.Errorf("%s: the value has a quotation mark or a line break; want one line without them", name)
		}
		variable, err := setting.value(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		resolved[setting.variable] = variable
	}
	return resolved, nil
}

// readSetting reads the file of a setting. A user could have made it before, to read what is written into it, or to name a destination of his own. An
// error quotes only the path of a file that is there: another one may be the secret itself, and install.ps1 makes a path of whatever it is given.
func readSetting(h host, user, path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", errors.New("it is no full path; want that of a file with the value, with the drive") // the installer's own folder is another one
	}
	if err := h.owned(path, user); err != nil {
		return "", withoutPath(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", withoutPath(err)
	}
	text, err := format.Text(content)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}

// withoutPath returns the error of a file that cannot be opened, without its path.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("its file: %s: %w", p.Op, p.Err)
	}
	return err
}

// settingForm is the form of a setting's name that an error may quote.
var settingForm = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)

func unknownSetting(name string) error {
	what := "a name that is given"
	if settingForm.MatchString(name) {
		what = name
	}
	return fmt.Errorf("%s is no setting; want one of %s, or NAME_FILE for NAME", what, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

func sourceList(value string) (string, error) {
	list, err := parseSources(value)
	return receiverList(list), err
}

func yesOrNo(value string) (string, error) {
	switch strings.ToLower(value) {
	case "yes":
		return "true", nil
	case "no":
		return "false", nil
	}
	return "", errors.New("want yes or no")
}

func port(value string) (string, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return "", errors.New("want a number from 1 to 65535")
	}
	return strconv.FormatUint(n, 10), nil // YAML reads a number that begins with 0 as an octal one
}

// matching accepts values of a form.
func matching(form, want string) func(string) (string, error) {
	accepted := regexp.MustCompile(form)
	return func(value string) (string, error) {
		if !accepted.MatchString(value) {
			return "", errors.New(want)
		}
		return value, nil
	}
}

// endpoint accepts the address of a host, encrypted or on this one.
func endpoint(value string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", errors.New("it is no address of a host; want https://NAME.REGION-1.ingest.monitor.azure.com")
	}
	return value, nil
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// keyForm is the form of an instrumentation key: most are GUIDs.
var keyForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)

const maxConnectionString = 4096

// connectionString accepts pairs KEY=VALUE with semicolons between them, among them an instrumentation key.
func connectionString(value string) (string, error) {
	const want = "want InstrumentationKey=…;IngestionEndpoint=https://REGION.in.applicationinsights.azure.com/, as the resource's overview has it"
	if len(value) > maxConnectionString {
		return "", fmt.Errorf("it has %d characters; want %d at most", len(value), maxConnectionString)
	}
	values := map[string]string{}
	for pair := range strings.SplitSeq(value, ";") {
		key, v, ok := strings.Cut(pair, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if _, twice := values[key]; twice || !ok && strings.TrimSpace(pair) != "" {
			return "", errors.New("it has a part that is not KEY=VALUE, or a key twice; " + want)
		}
		if ok {
			values[key] = strings.TrimSpace(v)
		}
	}
	if !keyForm.MatchString(values["instrumentationkey"]) {
		return "", errors.New("it has no instrumentation key; " + want)
	}
	if how := values["authorization"]; how != "" && !strings.EqualFold(how, "ikey") {
		return "", errors.New("its Authorization is not ikey; " + want)
	}
	address := values["ingestionendpoint"]
	if suffix := strings.TrimPrefix(values["endpointsuffix"], "."); address == "" && suffix != "" {
		address = "https://" + values["location"] + ".dc." + suffix
	}
	if address != "" {
		if _, err := endpoint(address); err != nil {
			return "", errors.New("its IngestionEndpoint, or its EndpointSuffix, is no address of a host; " + want)
		}
	}
	return value, nil
}
