// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/provider"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

var (
	ownProvider = etw.MustGUID("{2B6C7E0A-4C1D-4B9E-8A57-9D0C3F1E6A21}")
	// dnsClient is registered on every Windows, and a session needs a provider that the host knows.
	dnsClient = etw.MustGUID("{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}")
)

func TestASessionDeliversTheBytesOfAProviderOfOnesOwnInTheirOrder(t *testing.T) {
	wine.Host(t)
	const events, marker = 1000, 7
	var mu sync.Mutex
	var got [][]byte
	markers := 0
	s, err := session.Open(session.Config{
		Name:          "winnet-test-provider",
		Providers:     []session.Provider{{GUID: dnsClient, Level: 1, Keywords: 1 << 47}, {GUID: ownProvider, Level: 4}},
		FlushInterval: time.Second,
	}, func(header, userData []byte) {
		var r etw.Record
		if r.Parse(bytes.Join([][]byte{header, userData}, nil)) != nil || r.Provider != ownProvider {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if r.ID == marker {
			markers++
		} else {
			got = append(got, bytes.Clone(r.UserData))
		}
	}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(t.Context())) }()
	w, err := provider.Register(ownProvider)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Close()) }()
	count := func(n *int) int {
		mu.Lock()
		defer mu.Unlock()
		if n != nil {
			return *n
		}
		return len(got)
	}
	require.Eventually(t, func() bool { // Windows enables the provider a little later
		require.NoError(t, w.Write(provider.Event{ID: marker, Level: 4}))
		return count(&markers) > 0
	}, 30*time.Second, 50*time.Millisecond)
	for i := range events {
		require.NoError(t, w.Write(provider.Event{ID: 1, Level: 4, Data: binary.LittleEndian.AppendUint32(nil, uint32(i))}))
	}
	require.NoError(t, w.Write(provider.Event{ID: 1, Level: 5}), "above the session's level")
	require.Eventually(t, func() bool { return count(nil) >= events }, 30*time.Second, 20*time.Millisecond)
	require.Len(t, got, events)
	for i, data := range got {
		require.Equal(t, uint32(i), binary.LittleEndian.Uint32(data))
	}
	stats, err := s.Stats()
	require.NoError(t, err)
	require.Zero(t, stats.EventsLost)
}
