// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheLinkerStampsTheCommit builds this test again, as the Makefile builds the programs.
func TestTheLinkerStampsTheCommit(t *testing.T) {
	if os.Getenv("WINNET_STAMPED") != "" {
		require.Equal(t, "0.1.0+0123456789ab", Version("0.1.0"))
		return
	}
	require.Equal(t, "0.1.0", Version("0.1.0"))
	program := filepath.Join(t.TempDir(), "stamped.test")
	out, err := exec.Command("go", "test", "-c", "-o", program, "-ldflags", "-X github.com/otelcol-winnet/otelcol-winnet/internal/platform/collector.commit=0123456789ab", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	again := exec.Command(program, "-test.run", "^TestTheLinkerStampsTheCommit$")
	again.Env = append(os.Environ(), "WINNET_STAMPED=1")
	out, err = again.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
