// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

func TestWineTDHGivesTheFieldListsOfTheHost(t *testing.T) {
	wine.Play(t)
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		for _, want := range c.Templates {
			if want.Source != "" { // an older layout is another host's
				continue
			}
			r := recordOf(want)
			r.UserData = []byte{1, 2, 3}
			got, err := FromHost(r)
			require.NoError(t, err)
			require.NotNil(t, got, "event %d version %d", want.ID, want.Version)
			require.True(t, want.Same(got), "event %d version %d", want.ID, want.Version)
		}
		got, err := FromHost(recordOf(&Template{Provider: c.Provider, ID: 65000}))
		require.NoError(t, err)
		require.Nil(t, got)
	}
}

func TestWineTDHGivesTheEventsOfTheHostsManifests(t *testing.T) {
	wine.Play(t)
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		got, err := EventsFromHost(c.Provider)
		require.NoError(t, err)
		var want []Descriptor
		for _, tmpl := range c.Templates {
			if tmpl.Source == "" {
				want = append(want, Descriptor{ID: tmpl.ID, Version: tmpl.Version, Channel: tmpl.Channel, Level: tmpl.Level, Task: tmpl.Task, Keyword: tmpl.Keyword})
			}
		}
		require.ElementsMatch(t, want, got)
	}
	_, err := EventsFromHost(etw.GUID{})
	require.ErrorIs(t, err, windows.ERROR_NOT_FOUND)
}
