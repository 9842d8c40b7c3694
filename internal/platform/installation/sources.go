// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is a value of SOURCES.
type source struct {
	name     string
	receiver string     // the receiver's id in config.yaml
	etw      AutoLogger // zero if the source is no ETW provider
}

// sources are the values of SOURCES. The first is the default.
var sources = [...]source{
	{"dns-server", "asimdns/dns-server", AutoLogger{"ASIMDNSServerTrace", "{0B6F2F3A-58C1-4B0C-8E6E-3C1F8D0A7E11}",
		"{EB79061A-A566-4698-9119-3ED2807060E7}", 4, 0x400000840001FFBF}},
	{"dns-client", "asimdns/dns-client", AutoLogger{"ASIMDNSClientTrace", "{0B6F2F3A-58C1-4B0C-8E6E-3C1F8D0A7E12}",
		"{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}", 5, 0xC000000000000FFF}},
	{"cilium", "ciliumwindows/cilium", AutoLogger{}},
}

// nameForm is the form of a name that an error may quote. Another one may be a secret in the wrong place.
var nameForm = regexp.MustCompile(`^[a-z-]{1,20}$`)

// parseSources reads a list such as "dns-server,cilium".
func parseSources(list string) ([]source, error) {
	var found []source
	for name := range strings.SplitSeq(list, ",") {
		given := strings.TrimSpace(name)
		name = strings.ToLower(given)
		i := slices.IndexFunc(sources[:], func(s source) bool { return s.name == name })
		if i < 0 {
			what := "a name of the list"
			if nameForm.MatchString(given) {
				what = strconv.Quote(given)
			}
			return nil, fmt.Errorf("%s is no source; want a list of dns-server, dns-client and cilium, such as dns-server,cilium", what)
		}
		if slices.ContainsFunc(found, func(s source) bool { return s.name == name }) {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		found = append(found, sources[i])
	}
	return found, nil
}

// receiverList is the value of OTELCOL_WINNET_RECEIVERS.
func receiverList(list []source) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.receiver
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// enabledSources are the sources whose receivers an OTELCOL_WINNET_RECEIVERS names.
func enabledSources(value string) []source {
	var found []source
	for name := range strings.SplitSeq(strings.Trim(value, "[] "), ",") {
		for _, s := range sources {
			if s.receiver == strings.TrimSpace(name) {
				found = append(found, s)
			}
		}
	}
	return found
}
