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

// connection is a parsed connection string.
type connection struct {
	key      string   // instrumentation key
	endpoint *url.URL // a scheme and a host
	audience string   // that tokens must have, or ""
}

// The endpoint of a connection string that names none, and the longest allowed string. Source: "Connection strings in
// Application Insights" (https://learn.microsoft.com/azure/azure-monitor/app/connection-strings).
const (
	globalEndpoint      = "https://dc.services.visualstudio.com"
	maxConnectionString = 4096
)

// trackPath is the path that items are posted to. azure_monitor 0.161 (connection_string_parser.go) and Microsoft's
// exporters for OpenTelemetry (AzureMonitorClient of Azure/azure-sdk-for-python,
// sdk/monitor/azure-monitor-opentelemetry-exporter) use the same. The older SDKs post to /v2/track.
const trackPath = "/v2.1/track"

// keyForm is the form of an instrumentation key. Most are GUIDs, but the service's contracts do not guarantee it. Keys
// have at most 40 characters.
var keyForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)

// wanted is the form of a connection string, for errors.
const wanted = "InstrumentationKey=…;IngestionEndpoint=https://REGION.in.applicationinsights.azure.com/, as the resource's overview has it"

// parseConnectionString parses pairs KEY=VALUE that are separated by semicolons. Keys may be in any case. Errors name
// keys but never values, except an endpoint that has the form of one.
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
			return connection{}, fmt.Errorf("part %d is not KEY=VALUE; want %s", i+1, wanted)
		}
		if _, twice := values[key]; twice {
			return connection{}, fmt.Errorf("%q occurs twice; want it once", key)
		}
		values[key] = value
	}
	if how := values["authorization"]; how != "" && !strings.EqualFold(how, "ikey") {
		return connection{}, errors.New("Authorization is not ikey; want that, or leave it out and set auth")
	}
	c := connection{key: values["instrumentationkey"], audience: strings.TrimRight(values["aadaudience"], "/")}
	if !keyForm.MatchString(c.key) {
		return connection{}, errors.New("InstrumentationKey is missing or not valid; want " + wanted)
	}
	var err error
	c.endpoint, err = settings.Address("IngestionEndpoint", endpointOf(values), "https://REGION.in.applicationinsights.azure.com/")
	return c, err
}

// endpointOf returns the ingestion endpoint: the given one, one made of the suffix and the location if there is one, or
// the global one.
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

// address returns the URL that items are posted to.
func (c connection) address() string { return c.endpoint.String() + trackPath }
