// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Windows has sockets of this kind as well, but Wine does not.

package hubbleexporter

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

func TestASocketThatAnEarlierRunLeftIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hubble.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	cfg.NetAddr.Endpoint, cfg.NetAddr.Transport = path, "unix"
	h, err := newHubble(exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, h.start(t.Context(), componenttest.NewNopHost()), "another process listens on the socket")
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
	require.NoError(t, h.start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, h.shutdown(t.Context()))
}
