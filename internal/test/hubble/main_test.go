// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	relay "github.com/cilium/cilium/hubble-relay/cmd"
	"github.com/cilium/cilium/hubble/cmd"
	"github.com/stretchr/testify/require"
)

// runAs is the variable that makes this test's binary run a command of Cilium.
const runAs = "TEST_BINARY_IS"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(runAs) {
	case "hubble":
		err = cmd.Execute()
	case "relay":
		err = relay.New().Execute()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command returns a command of Cilium that is not started yet.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), runAs+"="+name, "TZ=UTC", "HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent")
	return c
}

// uuids are those of flows, as JSON and dict have them. A body has none.
var uuids = regexp.MustCompile(`"uuid":"[0-9a-f-]{36}",`)

// hubble runs the hubble command, and returns its output without uuids, and its error.
func hubble(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := command(ctx, "hubble", args...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	err := c.Run()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, problems.String())
	}
	return uuids.ReplaceAllString(out.String(), ""), err
}

// lines runs the hubble command, which must not fail, and returns its lines.
func lines(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := hubble(t, args...)
	require.NoError(t, err, "%q", args)
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}

// requireSame compares lines, and shows the first that differs.
func requireSame(t *testing.T, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "line %d", i)
	}
	require.Len(t, got, len(want))
}
