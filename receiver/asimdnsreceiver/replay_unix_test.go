// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package asimdnsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// Windows allows no such name.
func TestTheNameOfAnUnreadFileIsEscapedInTheErrorOfTheShutdown(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "a.etl", serverFile)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b\x1b[31m\u202e\n.etl"), []byte("no trace"), 0o600))
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(filepath.Join(dir, "*.etl"), small), &consumertest.LogsSink{})
	<-r.Player.Done()
	err := r.Shutdown(context.Background())
	require.ErrorContains(t, err, `b\u001b[31m\u202e\u000a.etl`)
	require.NotContains(t, err.Error(), "\n")
}
