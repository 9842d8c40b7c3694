// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package wine

import (
	"sync/atomic"
	"testing"
	"time"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"github.com/stretchr/testify/require"
)

// golang-etw's own session, consumer and decoder are independent of this project: they see the stand-ins as any program
// does.
func TestWineGolangETWDecodesTheSessionByItself(t *testing.T) {
	Play(t, "testdata/dnsserver.etl")
	s := goetw.NewRealTimeSession("golang-etw under Wine")
	require.NoError(t, s.EnableProvider(goetw.Provider{GUID: "{EB79061A-A566-4698-9119-3ED2807060E7}", EnableLevel: 5}))
	defer func() { require.NoError(t, s.Stop()) }()

	c := goetw.NewRealTimeConsumer(t.Context()).FromSessions(s)
	var queries, names atomic.Int64
	c.EventCallback = func(e *goetw.Event) error {
		if e.System.EventID != 256 {
			return nil
		}
		queries.Add(1)
		if e.EventData["QNAME"] != "" && e.EventData["XID"] != "" {
			names.Add(1)
		}
		return nil
	}
	require.NoError(t, c.Start())
	const want = 742 // see testdata/counts.json
	require.Eventually(t, func() bool { return queries.Load() == want }, time.Minute, time.Millisecond, "%d of %d events", queries.Load(), want)
	require.NoError(t, c.Stop())
	require.EqualValues(t, want, names.Load())
}
