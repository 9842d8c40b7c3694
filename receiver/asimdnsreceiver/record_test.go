// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// rawEvents reads a file's events.
func rawEvents(t *testing.T, path string) []string {
	t.Helper()
	reader, err := etl.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	var all []string
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			require.True(t, reader.Stats().Complete(), "%s", reader.Stats())
			return all
		}
		require.NoError(t, err)
		all = append(all, string(raw))
	}
}

func TestARecordedFileHoldsTheEventsByteForByte(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		path := filepath.Join(t.TempDir(), "recorded.etl")
		replayAll(t, replayOf(file, func(c *Config) { c.EnableLevel, c.Record.Path = 1, path }))
		require.Equal(t, rawEvents(t, file), rawEvents(t, path), "those that are filtered included")
	}
}

func TestARecordThatCannotBeMadeFailsTheStart(t *testing.T) {
	cfg := replayOf(serverFile, func(c *Config) { c.Record.Path = filepath.Join(t.TempDir(), "no", "dir.etl") })
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(context.Background(), componenttest.NewNopHost()), "record.path")
	require.NoError(t, r.Shutdown(context.Background()))
}
