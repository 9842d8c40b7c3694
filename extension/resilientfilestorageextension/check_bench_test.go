// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// BenchmarkCheckFile checks files of 256 MiB: with values like those of a queue, with small ones, and without reading
// the values.
func BenchmarkCheckFile(b *testing.B) {
	for name, size := range map[string]int{"value=2MiB": 2 << 20, "value=300B": 300} {
		path := filepath.Join(b.TempDir(), "file")
		disk, err := openDisk(path, bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
		require.NoError(b, err)
		const batch = 16 << 20
		for written := 0; written < 256<<20; written += batch {
			var ops []*storage.Operation
			for i := range batch / size {
				ops = append(ops, storage.SetOperation(fmt.Sprintf("%09d", written+i), make([]byte, size)))
			}
			require.NoError(b, disk.batch(ops))
		}
		require.NoError(b, disk.close())
		for _, values := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/values=%t", name, values), func(b *testing.B) {
				b.SetBytes(256 << 20)
				for b.Loop() {
					file, err := os.Open(path)
					require.NoError(b, err)
					info, err := file.Stat()
					require.NoError(b, err)
					_, err = checkFile(file, info.Size(), values)
					require.NoError(b, err)
					require.NoError(b, file.Close())
				}
			})
		}
	}
}
