// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/component"
)

// Several collectors with one configuration start at the same time. One of them gets the file, at its path, and the
// others do not start. A file that two collectors set aside, or that was removed while one uses it, would lose the
// queue.
func TestOneOfSeveralCollectorsThatStartTogetherGetsTheFile(t *testing.T) {
	for name, before := range map[string][]byte{"no file": nil, "an empty file": {}, "a damaged file": make([]byte, 100<<10)} {
		t.Run(name, func(t *testing.T) {
			for range 30 {
				dir := t.TempDir()
				var all [4]*fixture
				for i := range all {
					all[i] = start(t, dir, func(cfg *Config) { cfg.Timeout = time.Millisecond })
				}
				if before != nil {
					require.NoError(t, os.WriteFile(all[0].file(), before, 0o600))
				}
				var got [len(all)]*client
				var wg sync.WaitGroup
				for i, f := range all {
					wg.Go(func() {
						c, err := f.GetClient(context.Background(), component.KindExporter, exporterID, "logs")
						if err == nil {
							got[i] = c.(*client)
						} else if !errors.Is(err, bolterrors.ErrTimeout) {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				var has []*client
				for _, c := range got {
					if c != nil {
						has = append(has, c)
					}
				}
				require.LessOrEqual(t, len(has), 1)
				if len(has) == 1 { // not if each was blocked by another's check
					requireGoesOn(t, has[0])
					require.NoError(t, has[0].Close(context.Background()))
				}
				c := all[0].open(t)
				if len(has) == 1 {
					require.Equal(t, "record", string(content(t, c)["new"]), "the stored value is in the file")
				}
				require.NoError(t, c.Close(context.Background()))
				switch {
				case len(before) > 0 && runtime.GOOS == "windows": // see hold: may also set aside a new file that no one has opened yet
					require.NotEmpty(t, all[0].aside(t))
				case len(before) > 0:
					require.Len(t, all[0].aside(t), 1)
				default:
					require.Empty(t, all[0].aside(t))
				}
			}
		})
	}
}
