// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// killedDirectory is set in the processes that the test starts. They store in that folder until they are killed.
const killedDirectory = "RESILIENT_FILE_STORAGE_KILLED_DIRECTORY"

func storeUntilKilled(t *testing.T, dir string) {
	c := start(t, dir).open(t)
	rng := randomness(uint64(os.Getpid()))
	n := 0
	if stored, err := c.Get(context.Background(), "qmv0"); err == nil && stored != nil {
		n, err = strconv.Atoi(string(stored))
		require.NoError(t, err)
	}
	for {
		n++
		ops := []*storage.Operation{
			storage.SetOperation("qmv0", []byte(strconv.Itoa(n))),
			storage.SetOperation(strconv.Itoa(n), make([]byte, rng.IntN(30_000))),
		}
		if n > 20 {
			ops = append(ops, storage.DeleteOperation(strconv.Itoa(n-20)))
		}
		require.NoError(t, c.Batch(context.Background(), ops...))
		fmt.Println(n)
	}
}

func TestAKilledProcessLeavesNoDamage(t *testing.T) {
	if dir := os.Getenv(killedDirectory); dir != "" {
		storeUntilKilled(t, dir)
	}
	dir := t.TempDir()
	for round := range 25 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestAKilledProcessLeavesNoDamage$")
		cmd.Env = append(os.Environ(), killedDirectory+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		acknowledged := 0
		for range 5 + 7*round%60 {
			require.True(t, lines.Scan())
			acknowledged, err = strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() {
			acknowledged, _ = strconv.Atoi(lines.Text())
		}
		require.Error(t, cmd.Wait())

		f := start(t, dir)
		c := f.open(t)
		require.Empty(t, f.aside(t), "%v", f.logs.All())
		require.Zero(t, f.logs.FilterMessageSnippet("headers").Len())
		stored, err := c.Get(context.Background(), "qmv0")
		require.NoError(t, err)
		n, err := strconv.Atoi(string(stored))
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, acknowledged)
		require.Len(t, content(t, c), min(n, 20)+1)
		require.NoError(t, c.Close(context.Background()))
	}
}
