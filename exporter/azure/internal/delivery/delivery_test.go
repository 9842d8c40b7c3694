// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

func TestABodyIsAnArrayWithinItsLimits(t *testing.T) {
	b := NewBody(Limits{Raw: 20})
	for range 2 { // a body can be reused
		b.Reset()
		require.True(t, b.Fits(18))
		require.False(t, b.Fits(19))
		b.Add([]byte(`{"a":1}`))
		require.True(t, b.Fits(10), "[7 bytes, 10 bytes] are 20")
		require.False(t, b.Fits(11))
		b.Add([]byte(`{"a":2000}`))
		z, err := gzip.NewReader(bytes.NewReader(b.Close()))
		require.NoError(t, err)
		text, err := io.ReadAll(z)
		require.NoError(t, err)
		require.JSONEq(t, `[{"a":1},{"a":2000}]`, string(text))
		require.Equal(t, len(text), b.Raw())
		require.Equal(t, 20, b.Raw())
		require.Positive(t, b.Compressed())
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "0.5": time.Second / 2, "-5": 0, "NaN": 0, "0": 0, "soon": 0,
		"1e300": time.Hour, "7200": time.Hour, "Inf": time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat):          time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat):         0,
		now.Add(100 * 24 * time.Hour).Format(http.TimeFormat): time.Hour,
		now.Add(time.Minute).Format(time.ANSIC):               time.Minute,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {text}, "Date": {now.Format(http.TimeFormat)}}), "%q", text)
	}
	// Without a date in the answer, this machine's clock is used.
	d := retryAfter(http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}})
	require.InDelta(t, 60, d.Seconds(), 2)
}

func TestTheWordsOfAnAnswerAreBounded(t *testing.T) {
	code, message := words(http.Header{"X-Ms-Error-Code": {"A"}}, []byte(`{"error":{"code":"B","message":"m"}}`))
	require.Equal(t, []string{"A", "m"}, []string{code, message})
	code, message = words(http.Header{}, []byte(`{"error":{"code":"B","message":"m"}}`))
	require.Equal(t, []string{"B", "m"}, []string{code, message})
	_, message = words(http.Header{}, []byte(strings.Repeat("é", 5000)))
	require.Equal(t, strings.Repeat("é", 256)+"…", message)
	_, message = words(http.Header{}, []byte("a\xffb"))
	require.Equal(t, "a\uFFFDb", message)
}

func TestAGateStaysClosedForTheLongestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		wait, _ := g.Wait()
		require.Zero(t, wait)
		g.Close(time.Minute, errors.New("long"))
		g.Close(time.Second, errors.New("short"))
		time.Sleep(20 * time.Second)
		wait, why := g.Wait()
		require.Equal(t, 40*time.Second, wait)
		require.EqualError(t, why, "long")
		time.Sleep(40 * time.Second)
		wait, why = g.Wait()
		require.Zero(t, wait)
		require.NoError(t, why)
	})
}

func token(claims string) string {
	return "Bearer e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestTheAudienceOfATokenIsCheckedForTheCloud(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://a-1.eastus-1.ingest.monitor.azure.com":        "https://monitor.azure.com",
		"https://A.INGEST.MONITOR.AZURE.COM:443/":              "https://monitor.azure.com",
		"https://a.chinaeast2-1.ingest.monitor.azure.cn":       "https://monitor.azure.cn",
		"https://a.usgovvirginia-1.ingest.monitor.azure.us":    "https://monitor.azure.us",
		"https://monitor.azure.com.example.com":                "",
		"https://127.0.0.1:1":                                  "",
		"https://a.privatelink.example.com/monitor.azure.com/": "",
	} {
		require.Equal(t, want, WantedAudience(endpoint), endpoint)
	}
	const want = "https://monitor.azure.com"
	for header, ok := range map[string]bool{
		token(`{"aud":"https://monitor.azure.com"}`):                   true,
		token(`{"aud":"https://monitor.azure.com/"}`):                  true,
		token(`{"aud":"https://monitor.azure.com//"}`):                 true,
		token(`{"aud":["https://other","https://monitor.azure.com"]}`): true,
		token(`{"aud":"be7bfb9d-7bd9-4c6c-8d17-3dd4ea4b2a4c"}`):        true,
		token(`{"aud":7}`): true,
		token(`{}`):        true,
		token(`no JSON`):   true,
		"Bearer opaque":    true,
		"Bearer a.!.c":     true,
		"Basic " + strings.TrimPrefix(token(`{"aud":"https://other"}`), "Bearer "): true,
		"": true,
		token(`{"aud":"https://a-1.eastus-1.ingest.monitor.azure.com"}`): false,
		token(`{"aud":["https://monitor.azure.us"]}`):                    false,
	} {
		if err := CheckAudience(header, want); ok {
			require.NoError(t, err, header)
		} else {
			require.ErrorContains(t, err, "give the authenticator the scope https://monitor.azure.com/.default", header)
		}
	}
}

func TestAuthorizationAsksTheAuthenticatorAndSendsNothing(t *testing.T) {
	req, err := http.NewRequest(http.MethodPost, "https://127.0.0.1:1", nil)
	require.NoError(t, err)
	header, err := Authorization(func(base http.RoundTripper) (http.RoundTripper, error) {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer x")
			return base.RoundTrip(r)
		}), nil
	}, req)
	require.NoError(t, err)
	require.Equal(t, "Bearer x", header)
	require.Empty(t, req.Header)
}

func TestDeadLettersAreWholeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"row":`), 0o600)) // a process ended while it wrote
	d, err := OpenDeadLetters(path, 1000)
	require.NoError(t, err)
	written := 0
	for i := 0; ; i++ {
		if err := d.Write(Letter{Message: fmt.Sprint("m", i), Row: json.RawMessage(`{"a":1}`)}); err != nil {
			require.ErrorIs(t, err, ErrDeadLettersFull)
			break
		}
		written++
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.LessOrEqual(t, len(raw), 1000)
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	require.Len(t, lines, 1+written)
	for _, line := range lines[1:] {
		require.True(t, json.Valid([]byte(line)))
	}
	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, d.Write(Letter{Row: json.RawMessage(`{}`)}), "the file was moved away")
	require.FileExists(t, path)
	_, err = OpenDeadLetters(t.TempDir(), 1000)
	require.Error(t, err, "a folder is not a file")
}

func TestDeadLettersAreClosedToOtherUsersAlsoAfterTheFileWasMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	d, err := OpenDeadLetters(path, 1000)
	require.NoError(t, err)
	for _, aside := range []string{"", ".1"} {
		if aside != "" {
			require.NoError(t, os.Rename(path, path+aside))
		}
		require.NoError(t, d.Write(Letter{Row: json.RawMessage(`{}`)}))
		who, err := private.Readers(path)
		require.NoError(t, err)
		require.Empty(t, who)
	}
}

func TestTheRestHasTheRecordsThatAreNotDoneWithTheirResourcesAndScopes(t *testing.T) {
	logs := recordtest.DNS(3)
	recordtest.Network(2).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	logs.ResourceLogs().At(1).SetSchemaUrl("r")
	logs.ResourceLogs().At(1).ScopeLogs().At(0).SetSchemaUrl("s")
	rest := Rest(logs, []bool{true, false, true, true, false})
	require.Equal(t, 2, rest.LogRecordCount())
	require.Equal(t, 2, rest.ResourceLogs().Len())
	want := plog.NewLogs()
	logs.CopyTo(want)
	n := 0
	for _, rl := range want.ResourceLogs().All() {
		rl.ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n != 2 && n != 5 })
	}
	require.Equal(t, want, rest)
	require.Equal(t, 0, Rest(logs, []bool{true, true, true, true, true}).ResourceLogs().Len())
	require.Equal(t, 5, logs.LogRecordCount())
}

func TestExportersWithOneFileOfDeadLettersKeepEachOthersLines(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dead.jsonl")
	other := filepath.Join(dir, ".", "..", filepath.Base(dir), "dead.jsonl")
	var all []*DeadLetters
	for _, p := range []string{path, other, path} {
		d, err := OpenDeadLetters(p, 1<<20)
		require.NoError(t, err)
		all = append(all, d)
	}
	const each = 200
	var wg sync.WaitGroup
	for n, d := range all {
		wg.Go(func() {
			for i := range each {
				require.NoError(t, d.Write(Letter{Message: strings.Repeat("x", n*50+i), Row: json.RawMessage(`{}`)}))
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, len(all)*each)
	for _, l := range lines {
		require.True(t, json.Valid([]byte(l)), l)
	}
}

func TestTheTokenIsCheckedOnceThereIsOne(t *testing.T) {
	id := component.MustNewID("auth")
	asked := 0
	auth := &authenticator{do: func(r *http.Request) error {
		if asked++; asked < 3 {
			return errors.New("no identity yet")
		}
		r.Header.Set("Authorization", "Bearer e30."+base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"https://elsewhere"}`))+".c2ln")
		return nil
	}}
	core, logs := observer.New(zap.InfoLevel)
	check := TokenCheck(configoptional.Some(configauth.Config{AuthenticatorID: id}), extensionHost{id: auth}, "https://x.ingest.monitor.azure.com",
		"https://monitor.azure.com", time.Minute, NewEnding(), NewRateLimitedLogger(zap.New(core)))
	for range 5 {
		check()
	}
	require.Equal(t, 3, asked)
	require.Equal(t, 1, logs.Len())
}

type authenticator struct {
	component.StartFunc
	component.ShutdownFunc
	do func(*http.Request) error
}

func (a *authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := a.do(r); err != nil {
			return nil, err
		}
		return base.RoundTrip(r)
	}), nil
}

type extensionHost map[component.ID]component.Component

func (h extensionHost) GetExtensions() map[component.ID]component.Component { return h }
