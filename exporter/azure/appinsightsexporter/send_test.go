// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

func TestRecordsBecomeItems(t *testing.T) {
	s := tracktest.New(t)
	r := newRig(t, s, nil)
	require.NoError(t, r.push(context.Background(), now(0, 1500)))
	requireOnce(t, s, 1500)
	item := s.Items()[0]
	require.Equal(t, "asim_dns.windows_dns_server", item.Tags["ai.cloud.role"])
	require.Equal(t, "asim.dns.events", item.Property("instrumentationlibrary.name"))
	require.Equal(t, "dc1", item.Property("host.name"))
	ids := map[string]bool{}
	raw, sent := 0, 0
	for _, c := range s.Calls() {
		require.True(t, strings.HasPrefix(c.UserAgent, "otelcol-winnet/1.2.3 (app_insights exporter; "), c.UserAgent)
		require.Empty(t, c.Authorization)
		require.LessOrEqual(t, c.Items, maxItems)
		require.LessOrEqual(t, c.Uncompressed, maxCall)
		require.Less(t, c.Size, c.Uncompressed/3)
		ids[c.RequestID] = true
		raw, sent = raw+c.Uncompressed, sent+c.Size
	}
	require.Len(t, ids, len(s.Calls()))
	require.Equal(t, int64(1500), r.Sum("items_accepted", ""))
	require.Equal(t, int64(len(s.Calls())), r.Sum("calls", "accepted"))
	require.Equal(t, int64(raw), r.Sum("bytes_uncompressed", ""))
	require.Equal(t, int64(sent), r.Sum("bytes_compressed", ""))
	require.Zero(t, r.Sum("fields_altered", ""))
}

func TestCallsAreCutByItems(t *testing.T) {
	s := tracktest.New(t)
	r := newRig(t, s, nil)
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 2*maxItems + 1 {
		records.AppendEmpty().Body().SetStr("small")
	}
	require.NoError(t, r.push(context.Background(), logs))
	require.Len(t, s.Items(), 2*maxItems+1)
	require.Len(t, s.Calls(), 3)
}

func TestATokenGoesWithTheKeyWhereThereIsAnAuthenticator(t *testing.T) {
	s := tracktest.New(t)
	s.NeedAuth = true
	r := newRig(t, s, withAuth)
	require.NoError(t, r.push(context.Background(), now(0, 3)))
	requireOnce(t, s, 3)
	require.Equal(t, "Bearer token-1", s.Calls()[0].Authorization)
	require.Equal(t, tracktest.Key, s.Items()[0].IKey)
}

func TestOnlyItemsThatTheServiceDidNotTakeForNowAreSentAgain(t *testing.T) {
	for _, status := range []int{408, 429, 439, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := tracktest.New(t)
			s.Verdict = bad(status, 3, 700, 999)
			r := newRig(t, s, nil)
			logs := now(0, 1000)
			err := r.push(context.Background(), logs)
			for tries := 0; err != nil && deliverytest.Rest(t, err, logs).LogRecordCount() > 3; tries++ { // 429 and 439 end a push at once
				require.Less(t, tries, 20)
				require.ErrorContains(t, err, "Throttle (")
				logs = deliverytest.Rest(t, err, logs)
				open(r.insights)
				err = r.push(context.Background(), logs)
			}
			left := deliverytest.Rest(t, err, logs)
			require.ErrorContains(t, err, "the service's words")
			require.Equal(t, 3, left.LogRecordCount())
			requireOnce(t, s, 1000, 3, 700, 999)
			require.Zero(t, r.Sum("items_dropped", ""))
			require.Positive(t, r.Sum("calls", "partial"))
			require.GreaterOrEqual(t, r.Sum("items_returned", ""), int64(3))
			require.Equal(t, int64(997), r.Sum("items_accepted", ""))

			s.Lock(func() { s.Verdict = nil })
			open(r.insights)
			require.NoError(t, r.push(context.Background(), left))
			requireOnce(t, s, 1000)
		})
	}
}

func TestAReturnedItemDoesNotStopTheFollowingCalls(t *testing.T) {
	s := tracktest.New(t)
	s.Verdict = bad(500, 0)
	r := newRig(t, s, nil)
	logs := now(0, 3000)
	left := deliverytest.Rest(t, r.push(context.Background(), logs), logs)
	require.Equal(t, 1, left.LogRecordCount())
	requireOnce(t, s, 3000, 0)
}

func TestAThrottledItemMakesAllWorkersWait(t *testing.T) {
	s := tracktest.New(t)
	s.Header = http.Header{"Retry-After": {"1800"}}
	s.Verdict = bad(429, 5)
	r := newRig(t, s, nil)
	logs := now(0, 10)
	err := r.push(context.Background(), logs)
	require.Equal(t, 1, deliverytest.Rest(t, err, logs).LogRecordCount())
	require.ErrorContains(t, err, "Throttle (30m0s)")
	other := now(100, 10)
	err = r.push(context.Background(), other)
	require.Equal(t, 10, deliverytest.Rest(t, err, other).LogRecordCount())
	// A clock that moves in steps, as that of Windows does, may stand still between the two.
	require.Regexp(t, `Throttle \((30m0s|29m)`, err.Error())
	require.Len(t, s.Calls(), 1)
}

func TestTheCauseThatHoldsUpTheServiceIsLoggedAndTheItemsAreKept(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		wait   string
		says   string
	}{
		{401, "", "Throttle (2h0m0s)", "local authentication is off"},
		{403, "", "Throttle (3h0m0s)", "Monitoring Metrics Publisher"},
		{404, "", "Throttle (3h0m0s)", "copy the whole connection string"},
		{402, "", "Throttle (3h0m0s)", "daily cap"},
		{402, "600", "Throttle (10m0s)", "daily cap"},
		{439, "", "Throttle (3h0m0s)", "daily cap"},
		{439, "600", "Throttle (10m0s)", "daily cap"},
		{429, "", "Throttle (1h0m0s)", ""},
		{429, "600", "Throttle (10m0s)", ""},
		{503, "600", "Throttle (10m0s)", ""},
		{500, "600", "Throttle (10m0s)", ""},
		{301, "", "Throttle (3h0m0s)", "does not come from this service"},
		{405, "", "Throttle (3h0m0s)", "does not come from this service"},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.header), func(t *testing.T) {
			s := tracktest.New(t)
			r := newRig(t, s, withAuth)
			var asked atomic.Int64
			setFault(s, deliverytest.Answers(-1, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.Header().Set("Location", s.URL+"/elsewhere")
				http.Error(w, "the service's words", c.status)
			}))
			r.Pauses = delivery.Pauses{Throttled: time.Hour, Denied: 2 * time.Hour, Misfit: 3 * time.Hour}
			logs := now(0, 10)
			err := r.push(context.Background(), logs)
			require.Equal(t, 10, deliverytest.Rest(t, err, logs).LogRecordCount())
			require.ErrorContains(t, err, "the service's words")
			require.ErrorContains(t, err, c.wait)
			if c.says != "" {
				require.True(t, r.Said(c.says))
			}
			before := asked.Load()
			for range 3 {
				require.Error(t, r.push(context.Background(), logs), "no push sends anything meanwhile")
			}
			require.Equal(t, before, asked.Load())
			setFault(s, nil)
			open(r.insights)
			require.NoError(t, r.push(context.Background(), logs))
			requireOnce(t, s, 10)
		})
	}
}

func TestTheComponentIsInErrorWhileTheServiceRefuses(t *testing.T) {
	for _, status := range []int{400, 401, 402, 403, 404, 429, 439, 500, 503, 200} {
		deliverytest.TheStatusFollows(t, subject(tracktest.New(t), nil), status)
	}
}

func TestTroubleOnTheWayIsTriedAgain(t *testing.T) {
	deliverytest.ARetrySendsTheRest(t, func(t *testing.T) deliverytest.Subject { return subject(tracktest.New(t), nil) }, map[string]http.HandlerFunc{
		"500":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"503":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"408":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(408) },
		"reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"reset in the middle": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyN(io.Discard, r.Body, 100)
			panic(http.ErrAbortHandler)
		},
	})
}

// A sign-in page, an incomplete answer, or an answer from another service does not say that the items were accepted.
func TestASuccessThatDoesNotAccountForTheItemsIsAFailure(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"a page":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>log in</html>") },
		"nothing":    func(http.ResponseWriter, *http.Request) {},
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"other JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) },
		"none of them": func(w http.ResponseWriter, _ *http.Request) {
			tracktest.Answer(w, 200, tracktest.Account{Received: 10})
		},
		"some of them": func(w http.ResponseWriter, _ *http.Request) {
			tracktest.Answer(w, 206, tracktest.Account{Received: 10, Accepted: 4})
		},
		"206 and no word": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) },
		"out of range": func(w http.ResponseWriter, _ *http.Request) {
			tracktest.Answer(w, 206, tracktest.Account{Received: 10, Accepted: 9, Errors: []tracktest.Error{{Index: 10, Status: 400}}})
		},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"itemsReceived":10,"itemsAccepted":10,"errors":[]}`)
			panic(http.ErrAbortHandler)
		},
		"without an end": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"itemsReceived":10,"itemsAccepted":10,"errors":[`)
			for range maxAnswer / 1000 {
				fmt.Fprint(w, strings.Repeat(" ", 1001))
			}
			fmt.Fprint(w, `]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tracktest.New(t)
			r := newRig(t, s, nil)
			setFault(s, deliverytest.Answers(1, fault))
			logs := now(0, 10)
			err := r.push(context.Background(), logs)
			require.Equal(t, 10, deliverytest.Rest(t, err, logs).LogRecordCount())
			require.Zero(t, r.Sum("items_accepted", ""))
			require.Zero(t, r.Sum("items_dropped", ""))
			open(r.insights)
			require.NoError(t, r.push(context.Background(), logs))
			requireOnce(t, s, 10)
		})
	}
}

// The service may have accepted the items of a call whose answer was lost. They are sent again; none is lost.
func TestAnAnswerThatIsLostMakesDuplicatesAndNoLoss(t *testing.T) {
	deliverytest.ALostAnswerMakesDuplicates(t, subject(tracktest.New(t), nil))
}

func TestEventsThatTheServiceWouldRefuseForTheirAgeArrive(t *testing.T) {
	s := tracktest.New(t)
	r := newRig(t, s, nil)
	logs := recordtest.DNSFrom(0, 2, time.Now().Add(-100*time.Hour))
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove("EventStartTime")
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 2)
	for _, item := range s.Items() {
		began, err := time.Parse(time.RFC3339Nano, item.Property("EventStartTime"))
		require.NoError(t, err)
		require.Greater(t, time.Since(began), 99*time.Hour)
	}
	require.Equal(t, int64(2), r.Sum("fields_altered", "too_old"))
	require.True(t, r.Said("EventStartTime keeps the true time"))
}

func TestWorkersSendAtOnceAndEachItemOnce(t *testing.T) {
	s := tracktest.NewHTTP2(t)
	r := newRig(t, s, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := r.push(context.Background(), now(100*i, 100)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	requireOnce(t, s, 800)
}

func TestTheTokenIsCheckedOnceForTheCloudOfTheEndpoint(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://westeurope-5.in.applicationinsights.azure.com": "https://monitor.azure.com", "https://dc.services.visualstudio.com": "https://monitor.azure.com",
		"https://chinaeast2-0.in.applicationinsights.azure.cn": "https://monitor.azure.cn", "https://usgovvirginia-1.in.applicationinsights.azure.us": "https://monitor.azure.us",
		"https://dc.applicationinsights.us": "https://monitor.azure.us", "https://applicationinsights.azure.com.example": "",
	} {
		require.Equal(t, want, delivery.WantedAudience(endpoint+trackPath), endpoint)
	}
}

func TestAPushThatIsStoppedSaysSo(t *testing.T) {
	s := tracktest.New(t)
	r := newRig(t, s, nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	logs := now(0, 3)
	err := r.push(ctx, logs)
	require.ErrorContains(t, err, "not sent: enough")
	require.Equal(t, 3, deliverytest.Rest(t, err, logs).LogRecordCount())
	require.Empty(t, s.Calls())
}

func TestThePartOfAnItemInACallCostsNoAllocation(t *testing.T) {
	logs := recordtest.DNS(300)
	b := newBatch(tracktest.Key, "otelc")
	allocs := testing.AllocsPerRun(5, func() {
		b.load(logs)
		n, _ := b.fill(b.rows, maxCall)
		b.body.Close()
		b.Release()
		require.Equal(t, 300, n)
	})
	require.Less(t, allocs, 12.0, "of 300 items")
}

func TestAnItemHasTheDeviceThatItsResourceHas(t *testing.T) {
	s := tracktest.New(t)
	r := newRig(t, s, nil)
	whole, moved := recordtest.DNS(2), recordtest.DNS(2)
	recordtest.MoveDevice(moved)
	require.NoError(t, r.push(context.Background(), whole))
	require.NoError(t, r.push(context.Background(), moved))
	items := s.Items()
	require.Len(t, items, 4)
	require.Equal(t, "dc1.corp.example.com", items[2].Data.BaseData.Properties["Dvc"])
	for i := range 2 {
		require.Equal(t, items[i].Data.BaseData.Properties, items[2+i].Data.BaseData.Properties)
	}
}
