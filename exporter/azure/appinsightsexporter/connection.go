// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// connection is what a connection string says.
type connection struct {
	key      string   // instrumentation key
	endpoint *url.URL // a scheme and a host
	audience string   // of tokens, or ""
}

// The endpoint of a connection string without one, and the longest string. Source: "Connection strings in Application Insights"
// (https://learn.microsoft.com/azure/azure-monitor/app/connection-strings).
const (
	globalEndpoint      = "https://dc.services.visualstudio.com"
	maxConnectionString = 4096
)

// trackPath is where items are posted to: as azure_monitor 0.161 (connection_string_parser.go) and Microsoft's exporters for OpenTelemetry do it
// (AzureMonitorClient of Azure/azure-sdk-for-python, sdk/monitor/azure-monitor-opentelemetry-exporter). The older SDKs post to /v2/track.
const trackPath = "/v2.1/track"

// keyForm is what an instrumentation key may be: mostly a GUID, of which the service's contracts say that none may rely on it; 40 characters at most.
var keyForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)

// wanted is what a connection string looks like.
const wanted = "InstrumentationKey=…;IngestionEndpoint=https://REGION.in.applicationinsights.azure.com/, as the resource's overview has it"

// parseConnectionString reads pairs KEY=VALUE with semicolons between them. Keys are in any case. An error names keys, and no value but the endpoint.
func parseConnectionString(text string) (connection, error) {
	if strings.TrimSpace(text) == "" {
		return connection{}, errors.New("it is empty; want " + wanted + "; with ${env:APPLICATIONINSIGHTS_CONNECTION_STRING}, set that variable")
	}
	if len(text) > maxConnectionString {
		return connection{}, fmt.Errorf("it has %d characters; want %d at most", len(text), maxConnectionString)
	}
	values := map[string]string{}
	for i, pair := range strings.Split(text, ";") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if !ok || key == "" {
			return connection{}, fmt.Errorf("part %d is no KEY=VALUE; want %s", i+1, wanted)
		}
		if _, twice := values[key]; twice {
			return connection{}, fmt.Errorf("%q stands twice; want it once", key)
		}
		values[key] = value
	}
	if how := values["authorization"]; how != "" && !strings.EqualFold(how, "ikey") {
		return connection{}, fmt.Errorf("Authorization=%s is not known; want ikey, or leave it out; auth has the authenticator", how)
	}
	c := connection{key: values["instrumentationkey"], audience: strings.TrimRight(values["aadaudience"], "/")}
	if !keyForm.MatchString(c.key) {
		return connection{}, errors.New("it has no InstrumentationKey, or one that is none; want " + wanted)
	}
	var err error
	c.endpoint, err = settings.Address("IngestionEndpoint", endpointOf(values), "https://REGION.in.applicationinsights.azure.com/")
	return c, err
}

// endpointOf is the address of the ingestion: it is given, or made of a suffix and perhaps a location, or the global one.
func endpointOf(values map[string]string) string {
	if endpoint := values["ingestionendpoint"]; endpoint != "" {
		return endpoint
	}
	suffix := strings.TrimPrefix(values["endpointsuffix"], ".")
	if suffix == "" {
		return globalEndpoint
	}
	if location := values["location"]; location != "" {
		return "https://" + location + ".dc." + suffix
	}
	return "https://dc." + suffix
}

// address is where items are posted to.
func (c connection) address() string { return c.endpoint.String() + trackPath }
