// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

func TestTheOlderServersRecordingHasTheOlderLayouts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dnsserver_2016.etl")
	made, err := writeOlderServer(path)
	require.NoError(t, err)
	r, err := etl.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	require.Equal(t, uint32(14393), r.Header().OS.Build)
	decoder, found := dns.NewDecoder(dns.Server()), counts{ByID: map[id]int{}}
	for {
		raw, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		var e dns.Event
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		found.Events++
		found.ByID[id(e.ID)]++
		if e.LayoutUnknown() {
			found.Inexact++
		} else {
			require.Equal(t, olderSource, e.Decoded().Template.Source, "event %d", e.ID)
		}
	}
	require.Equal(t, made, found)
	require.Equal(t, 4, found.Inexact)
	requireIDs(t, found, [2]id{257, 262}, [2]id{279, 280}, [2]id{513, 516})
}
