// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
)

const (
	secretKey = "1deadbee-f000-4000-8000-00000000cafe"
	good      = "connection_string: 'InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://x/;ApplicationId=y'\n"
)

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return deliverytest.Load(t, createDefaultConfig().(*Config), text)
}

func TestTheDefaultsLoseNothing(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, good)
	require.NoError(t, err)
	deliverytest.RequireLossless(t, sections(cfg))
	cfg, err = load(t, good+"auth: {authenticator: azureauth}\nproxy_url: http://127.0.0.1:3128\nheaders: {a: b}\ndead_letter: {path: /tmp/dead.jsonl}\n")
	require.NoError(t, err)
	require.Equal(t, 100, cfg.DeadLetter.MaxSizeMiB)
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	deliverytest.RequireRefused(t, func(text string) error { _, err := load(t, text); return err }, good, map[string]string{
		"connection_string: ''":       "connection_string: it is empty",
		"connection_string: null":     "connection_string: it is empty",
		"endpoint: https://x":         "endpoint: it is not allowed",
		"instrumentation_key: x":      "instrumentation_key",
		"maxbatchsize: 10":            "maxbatchsize",
		"custom_events_enabled: true": "custom_events_enabled",
	})
}

func TestAConnectionStringIsReadAsTheServiceDocumentsIt(t *testing.T) {
	for text, want := range map[string]string{
		"InstrumentationKey=" + secretKey:       "https://dc.services.visualstudio.com/v2.1/track",
		"InstrumentationKey=" + secretKey + ";": "https://dc.services.visualstudio.com/v2.1/track",
		" instrumentationkey = " + secretKey + " ;; INGESTIONENDPOINT = https://a.in.applicationinsights.azure.com/ ": "https://a.in.applicationinsights.azure.com/v2.1/track",
		"IngestionEndpoint=https://a.in.applicationinsights.azure.com//;InstrumentationKey=" + secretKey:              "https://a.in.applicationinsights.azure.com/v2.1/track",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://a:8443":                                       "https://a:8443/v2.1/track",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=http://127.0.0.1:80":                                  "http://127.0.0.1:80/v2.1/track",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=http://[::1]:80":                                      "http://[::1]:80/v2.1/track",
		"InstrumentationKey=" + secretKey + ";EndpointSuffix=applicationinsights.us":                                  "https://dc.applicationinsights.us/v2.1/track",
		"InstrumentationKey=" + secretKey + ";EndpointSuffix=.ai.contoso.com;Location=westus2":                        "https://westus2.dc.ai.contoso.com/v2.1/track",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=;EndpointSuffix=;Authorization=ikey":                  "https://dc.services.visualstudio.com/v2.1/track",
		"InstrumentationKey=not-a-guid": "https://dc.services.visualstudio.com/v2.1/track",
	} {
		c, err := parseConnectionString(text)
		require.NoError(t, err, text)
		require.Equal(t, want, c.address(), text)
	}
	c, err := parseConnectionString("InstrumentationKey=" + secretKey + ";AADAudience=https://monitor.azure.us/")
	require.NoError(t, err)
	require.Equal(t, "https://monitor.azure.us", c.audience)
}

func TestAnOddConnectionStringIsRefusedAndNotShown(t *testing.T) {
	for text, want := range map[string]string{
		"   ":                                           "it is empty",
		secretKey:                                       "part 1 is not KEY=VALUE",
		"InstrumentationKey":                            "part 1 is not KEY=VALUE",
		"InstrumentationKey=":                           "InstrumentationKey is missing",
		"IngestionEndpoint=https://a.example":           "InstrumentationKey is missing",
		"InstrumentationKey=" + secretKey + "\"":        "missing or not valid",
		"InstrumentationKey=" + secretKey + "\x00":      "missing or not valid",
		"InstrumentationKey=${env:KEY}":                 "missing or not valid",
		"InstrumentationKey=" + strings.Repeat("a", 41): "missing or not valid",
		"InstrumentationKey=" + secretKey + ";InstrumentationKey=b":                                    `"instrumentationkey" occurs twice`,
		"InstrumentationKey=" + secretKey + ";=x":                                                      "part 2 is not KEY=VALUE",
		"InstrumentationKey=" + secretKey + ";x":                                                       "part 2 is not KEY=VALUE",
		"InstrumentationKey=" + secretKey + ";Authorization=hunter2":                                   "Authorization is not ikey",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=" + secretKey:                          "IngestionEndpoint: it is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://a?sig=hunter2":                 "has more than a host",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://u:hunter2%zz@a":                "IngestionEndpoint: it is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=a.in.applicationinsights.azure.com":    "is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://":                              "is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=ftp://a":                               "is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://:443":                          "is not an address",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://a/v2.1/track":                  "has more than a host",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://a?x=y":                         "has more than a host",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=https://u:hunter2@a":                   "has more than a host",
		"InstrumentationKey=" + secretKey + ";IngestionEndpoint=http://a.in.applicationinsights.azure": "is not encrypted",
		"InstrumentationKey=" + secretKey + strings.Repeat(";", 4096):                                  "want 4096 at most",
	} {
		_, err := parseConnectionString(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), secretKey, "a key stays out of logs")
		require.NotContains(t, err.Error(), "hunter2")
	}
}
