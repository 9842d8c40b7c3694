// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// source is a value of SOURCES.
type source struct {
	name     string
	receiver string               // the receiver's id in config.yaml
	provider func() *dns.Provider // nil if the source is no ETW provider
}

// sources are the values of SOURCES. The first is the default.
var sources = [...]source{
	{"dns-server", "asimdns/dns-server", dns.Server},
	{"dns-client", "asimdns/dns-client", dns.Client},
	{"cilium", "ciliumwindows/cilium", nil},
}

// parseSources reads a list such as "dns-server,cilium".
func parseSources(list string) ([]source, error) {
	var found []source
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		i := slices.IndexFunc(sources[:], func(s source) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("SOURCES: %q is no source; want a list of dns-server, dns-client and cilium, such as dns-server,cilium", name)
		}
		if slices.ContainsFunc(found, func(s source) bool { return s.name == name }) {
			return nil, fmt.Errorf("SOURCES: %s is there twice", name)
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
