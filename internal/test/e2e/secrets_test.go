// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// The secrets of the configuration below. None may be in anything that the collector prints.
const (
	secretKey      = "5ec4e7ed-0000-4000-8000-00000000beef" // an instrumentation key
	secretHeader   = "s3cret-of-a-header"
	secretPassword = "s3cret-of-kafka"
	secretAccount  = "czNjcmV0LW9mLWFuLWFjY291bnQ="
	secretClient   = "s3cret-of-a-client"
	secretPseudo   = "73925184607392518460739251846073" // of pseudonyms: YAML reads it as a number
	secretNumber   = "7.39251846"                       // the same as a number
)

var secrets = []string{secretKey, secretHeader, secretPassword, secretAccount, secretClient, secretPseudo, secretNumber}

// secretConfig uses a secret of each kind, with far ends that refuse all, at the most verbose level.
const secretConfig = `
extensions:
  azureauth:
    service_principal: {tenant_id: 00000000-0000-4000-8000-000000000001, client_id: 00000000-0000-4000-8000-000000000002, client_secret: "${env:SECRET_CLIENT}"}
    scopes: ["https://monitor.azure.com/.default"]
receivers:
  asimdns: {pseudonymize: {fields: [Object], key: "${env:SECRET_PSEUDO}"}, retry: {enabled: false}, batch: {max_records: 10000, max_size_mib: 16}, replay: {path: %[1]s}}
exporters:
  app_insights:
    connection_string: "InstrumentationKey=${env:SECRET_KEY};IngestionEndpoint=%[2]s"
    retry_on_failure: {enabled: false}
    dead_letter: {path: %[3]q}
  otlp_http: {endpoint: %[2]s, headers: {authorization: "Bearer ${env:SECRET_HEADER}"}, retry_on_failure: {enabled: false}}
  kafka:
    brokers: [%[4]q]
    auth: {sasl: {mechanism: PLAIN, username: winnet, password: "${env:SECRET_PASSWORD}"}}
    retry_on_failure: {enabled: false}
    timeout: 1s
  azure_blob:
    auth: {type: connection_string, connection_string: "DefaultEndpointsProtocol=http;AccountName=winnet;AccountKey=${env:SECRET_ACCOUNT};BlobEndpoint=%[2]s/winnet"}
    container: {logs: winnet}
    retry_on_failure: {enabled: false}
  debug: {verbosity: detailed}
service:
  extensions: [azureauth]
  telemetry: {logs: {level: debug}, metrics: {level: none}}
  pipelines:
    logs: {receivers: [asimdns], exporters: [app_insights, otlp_http, kafka, azure_blob, debug]}
`

// writeSecrets writes the configuration, sets its variables, and returns its path and that of the dead letters.
func writeSecrets(t *testing.T, change func(string) string) (path, letters string) {
	t.Helper()
	collector(t)
	for name, value := range map[string]string{
		"SECRET_KEY": secretKey, "SECRET_HEADER": secretHeader, "SECRET_PASSWORD": secretPassword, "SECRET_ACCOUNT": secretAccount, "SECRET_CLIENT": secretClient, "SECRET_PSEUDO": secretPseudo,
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // azure_blob crashes on an answer before that: docs/upstream.md
		http.Error(w, "refused: "+r.URL.Path, http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	path, letters = filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "dead.jsonl")
	text := fmt.Sprintf(secretConfig, serverFile, server.URL, letters, fmt.Sprintf("127.0.0.1:%d", loopback.Port(t)))
	if change != nil {
		changed := change(text)
		require.NotEqual(t, text, changed)
		text = changed
	}
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path, letters
}

// wrongKind replaces a text of the configuration.
func wrongKind(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func requireNoSecret(t *testing.T, what, out string) {
	t.Helper()
	for _, secret := range secrets {
		if at := strings.Index(out, secret); at >= 0 {
			t.Errorf("%s has the secret %s: …%s…", what, secret, out[max(0, at-300):min(len(out), at+100)])
		}
	}
}

func TestNoSecretIsInTheLogsTheAccountOrADeadLetterWhateverFails(t *testing.T) {
	path, letters := writeSecrets(t, nil)
	config, err := os.ReadFile(path)
	require.NoError(t, err)
	out := runWhile(t, string(config), replayed)
	require.Contains(t, out, "pending 0")
	require.Contains(t, out, "records are lost")
	require.Contains(t, out, "debug", "the level is debug")
	requireNoSecret(t, "the output", out)
	dead, err := os.ReadFile(letters)
	if err == nil {
		requireNoSecret(t, "the dead letter", string(dead))
	}
}

func TestNoSecretIsInAnErrorOfTheConfiguration(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"a part without a name":    func(s string) string { return strings.Replace(s, "InstrumentationKey=", "", 1) },
		"an endpoint that is none": func(s string) string { return strings.Replace(s, "IngestionEndpoint=", "IngestionEndpoint=:", 1) },
		"an unknown key beside it": func(s string) string {
			return strings.Replace(s, "    dead_letter:", "    wrong: 1\n    dead_letter:", 1)
		},
		"a section that is a number": func(s string) string { return strings.Replace(s, "asimdns: {", "asimdns: {queue: 1, ", 1) },
		"a list for a key":           wrongKind(`"${env:SECRET_PSEUDO}"`, `["${env:SECRET_PSEUDO}"]`),
		"a map for a key":            wrongKind(`"${env:SECRET_PSEUDO}"`, `{of: "${env:SECRET_PSEUDO}"}`),
		"a number for a key":         wrongKind(`"${env:SECRET_PSEUDO}"`, secretPseudo),
		"a key for a section":        wrongKind(`{fields: [Object], key: "${env:SECRET_PSEUDO}"}`, `"${env:SECRET_PSEUDO}"`),
		"a list for a connection": wrongKind(`connection_string: "InstrumentationKey=${env:SECRET_KEY};`, `connection_string: ["${env:SECRET_KEY}"]
    wrong: "`),
		"a proxy that is no address": wrongKind("    dead_letter:", "    proxy_url: \"http://user:${env:SECRET_HEADER}%zz@proxy:8080\"\n    dead_letter:"),
		"a list for a header":        wrongKind(`"Bearer ${env:SECRET_HEADER}"`, `["Bearer ${env:SECRET_HEADER}"]`),
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := writeSecrets(t, change)
			out, code := runToItsEnd(t, "validate", "--config", path)
			require.NotZero(t, code, "%s", out)
			requireNoSecret(t, name, out)
		})
	}
}

// The exporters' and extensions' authors decide which of their keys are secret. Those of this project are. print-config shows the others:
// docs/security.md says so. When one is hidden, this test fails, and the document must change.
func TestThePrintedConfigurationHasNoSecretOfOurKeys(t *testing.T) {
	const proxy = "http://user:of-the-proxy@proxy:8080"
	path, _ := writeSecrets(t, wrongKind("    dead_letter:", "    proxy_url: "+proxy+"\n    dead_letter:"))
	out, code := runToItsEnd(t, "print-config", "--config", path)
	require.Zero(t, code, out)
	require.Contains(t, out, "[REDACTED]")
	require.NotContains(t, out, secretKey, "app_insights")
	require.NotContains(t, out, secretHeader, "otlp_http")
	require.NotContains(t, out, secretPseudo, "asimdns")
	for name, shown := range map[string]string{"kafka": secretPassword, "azure_blob": secretAccount, "azureauth": secretClient, "proxy_url": proxy} {
		require.Contains(t, out, shown, "%s hides its secret now", name)
	}
}
