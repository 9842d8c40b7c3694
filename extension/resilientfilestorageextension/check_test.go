// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// model is the content that a file must have.
type model map[string][]byte

// churn stores, overwrites and deletes at random, more wildly than a queue does. It returns the content of the store
// before and after the last batch.
func churn(t testing.TB, rng *rand.Rand, batches int, batch func(ops ...*storage.Operation) error) (before, after model) {
	after = model{}
	for i := range batches {
		before = model{}
		for k, v := range after {
			before[k] = v
		}
		var ops []*storage.Operation
		for range 1 + rng.IntN(4) {
			key := fmt.Sprint(rng.IntN(400))
			if rng.IntN(3) == 0 {
				delete(after, key)
				ops = append(ops, storage.DeleteOperation(key))
				continue
			}
			size := rng.IntN(300)
			if rng.IntN(20) == 0 {
				size = rng.IntN(20000)
			}
			value := make([]byte, size)
			for j := range value {
				value[j] = byte(rng.Uint32())
			}
			after[key] = value
			ops = append(ops, storage.SetOperation(key, value))
		}
		after["qmv0"] = binary.LittleEndian.AppendUint64(nil, uint64(i))
		ops = append(ops, storage.SetOperation("qmv0", after["qmv0"]))
		require.NoError(t, batch(ops...))
	}
	return before, after
}

func randomness(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 12)) }

// boltFile writes a file with this extension's buckets and the given page size. It returns the file's bytes and their
// content.
func boltFile(t testing.TB, seed uint64, pageSize, batches int) (raw []byte, before, after model) {
	path := filepath.Join(t.TempDir(), "file")
	disk, err := openDisk(path, bbolt.Options{NoSync: true, NoFreelistSync: seed%2 == 0, FreelistType: bbolt.FreelistMapType, PageSize: pageSize})
	require.NoError(t, err)
	before, after = churn(t, randomness(seed), batches, func(ops ...*storage.Operation) error { return disk.batch(ops) })
	require.NoError(t, disk.close())
	raw, err = os.ReadFile(path)
	require.NoError(t, err)
	return raw, before, after
}

func checkBytes(raw []byte, values bool) (checked, error) {
	return checkFile(bytes.NewReader(raw), int64(len(raw)), values)
}

func TestAFileThatBboltWroteIsSound(t *testing.T) {
	for _, pageSize := range []int{1 << 10, 1 << 12, 1 << 14, 1 << 16} {
		for seed := range uint64(4) {
			for _, batches := range []int{0, 1, 7, 150} {
				raw, _, want := boltFile(t, seed, pageSize, batches)
				for _, values := range []bool{false, true} {
					found, err := checkBytes(raw, values)
					require.NoError(t, err)
					require.Equal(t, checked{keys: len(want)}, found)
				}
			}
		}
	}
}

func TestALargeTreeIsSound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	disk, err := openDisk(path, bbolt.Options{NoSync: true, NoFreelistSync: true, PageSize: 1 << 10})
	require.NoError(t, err)
	const n = 30000
	for first := 0; first < n; first += 1000 {
		var ops []*storage.Operation
		for i := range 1000 {
			ops = append(ops, storage.SetOperation(fmt.Sprintf("%08d", (first+i)*7919%n), []byte("value")))
		}
		require.NoError(t, disk.batch(ops))
	}
	require.NoError(t, disk.close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	found, err := checkBytes(raw, true)
	require.NoError(t, err)
	require.Equal(t, n, found.keys)
}

// pagesOf returns the size of a page and the ids of the pages that the check follows.
func pagesOf(t testing.TB, raw []byte) (pageSize int, reached []uint64) {
	c := checker{window: window{r: bytes.NewReader(raw), size: int64(len(raw))}}
	m, _, err := c.metas()
	require.NoError(t, err)
	c.meta, c.seen = m, make([]uint64, m.pages/64+1)
	_, err = c.page(m.root, position{})
	require.NoError(t, err)
	for id := range m.pages {
		if c.marked(id) {
			reached = append(reached, id)
		}
	}
	return int(m.pageSize), reached
}

// Changes each byte in use of a file of several pages. The check must notice each change, except in bytes that bbolt
// stores and never reads.
func TestEveryByteOfAPageIsChecked(t *testing.T) {
	raw, _, _ := boltFile(t, 2, 1<<10, 20)
	pageSize, reached := pagesOf(t, raw)
	unread := 0
	for _, id := range reached {
		page := raw[int(id)*pageSize : (int(id)+1)*pageSize]
		for i := range page {
			page[i] ^= 0xFF
			_, err := checkBytes(raw, true)
			page[i] ^= 0xFF
			if err == nil {
				unread++
			}
		}
	}
	free := unused(t, raw)
	require.LessOrEqual(t, unread, free, "only unused bytes may change")
	require.Less(t, free, len(reached)*pageSize)
}

// unused counts the bytes of used pages that hold no data: those after the last element, and the 8 bytes of each
// bucket's sequence.
func unused(t testing.TB, raw []byte) (n int) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		s := tx.Bucket([]byte(sealedBucket)).Stats()
		n = s.BranchAlloc - s.BranchInuse + s.LeafAlloc - s.LeafInuse
		root := db.Info().PageSize // the root bucket's own page, with one entry
		n += root - pageHeaderSize - elementSize - len(sealedBucket) - bucketSize + 8
		return nil
	}))
	return n
}

// resum recomputes the checksum of a header.
func resum(page []byte) {
	sum := fnv.New64a()
	sum.Write(page[16 : 16+56])
	binary.LittleEndian.PutUint64(page[16+56:], sum.Sum64())
}

func TestDamageOfEachKindIsFound(t *testing.T) {
	const pageSize = 4096
	sound, _, _ := boltFile(t, 4, pageSize, 200)
	_, reached := pagesOf(t, sound)
	page := func(raw []byte, id uint64) []byte { return raw[id*pageSize : (id+1)*pageSize] }
	newest := func(raw []byte) []byte {
		if binary.LittleEndian.Uint64(raw[16+48:]) > binary.LittleEndian.Uint64(raw[pageSize+16+48:]) {
			return raw
		}
		return raw[pageSize:]
	}
	for name, damage := range map[string]func(raw []byte) []byte{
		"garbage": func(raw []byte) []byte {
			rng := randomness(1)
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
			return raw
		},
		"zeros":              func(raw []byte) []byte { return make([]byte, len(raw)) },
		"text":               func([]byte) []byte { return []byte("not a database\n") },
		"one byte":           func(raw []byte) []byte { return raw[:1] },
		"one header":         func(raw []byte) []byte { return raw[:pageSize] },
		"both headers alone": func(raw []byte) []byte { return raw[:2*pageSize] },
		"half":               func(raw []byte) []byte { return raw[:len(raw)/2] },
		"both magic numbers": func(raw []byte) []byte { raw[16]++; raw[pageSize+16]++; return raw },
		"both checksums":     func(raw []byte) []byte { raw[16+56]++; raw[pageSize+16+56]++; return raw },
		"a newer format": func(raw []byte) []byte {
			for _, header := range [][]byte{raw, raw[pageSize:]} {
				header[20] = 3
				resum(header)
			}
			return raw
		},
		"another size of pages": func(raw []byte) []byte {
			for _, header := range [][]byte{raw, raw[pageSize:]} {
				binary.LittleEndian.PutUint32(header[24:], 3000)
				resum(header)
			}
			return raw
		},
		"a root beyond the end": func(raw []byte) []byte {
			binary.LittleEndian.PutUint64(newest(raw)[16+16:], 1<<40)
			resum(newest(raw))
			return raw
		},
		"pages beyond the end": func(raw []byte) []byte {
			binary.LittleEndian.PutUint64(newest(raw)[16+40:], 1<<60)
			resum(newest(raw))
			return raw
		},
		"a free page list that is none": func(raw []byte) []byte {
			binary.LittleEndian.PutUint64(newest(raw)[16+32:], reached[0])
			resum(newest(raw))
			return raw
		},
		"a page that goes on for ever": func(raw []byte) []byte {
			page(raw, reached[2])[12] = 0xFF
			page(raw, reached[2])[15] = 0xFF
			return raw
		},
		"a page of another kind": func(raw []byte) []byte { page(raw, reached[2])[8] = 0x10; return raw },
		"a page elsewhere":       func(raw []byte) []byte { copy(page(raw, reached[2]), page(raw, reached[1])); return raw },
		"a page of zeros":        func(raw []byte) []byte { clear(page(raw, reached[3])); return raw },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkBytes(damage(bytes.Clone(sound)), true)
			var found *damageError
			require.ErrorAs(t, err, &found)
			require.NotEmpty(t, found.what)
		})
	}
}

func TestAFileCutAtAnyLengthIsDamaged(t *testing.T) {
	raw, _, _ := boltFile(t, 6, 1<<10, 60)
	c := checker{window: window{r: bytes.NewReader(raw), size: int64(len(raw))}}
	m, _, err := c.metas()
	require.NoError(t, err)
	for n := int64(1); n < int64(m.pages)*m.pageSize; n += 37 {
		_, err := checkBytes(raw[:n], true)
		require.Error(t, err, "%d of %d bytes", n, len(raw))
	}
}

func TestOneDamagedHeaderIsLoggedAndTheOtherIsUsed(t *testing.T) {
	raw, _, _ := boltFile(t, 8, 1<<12, 30)
	for header := range 2 {
		damaged := bytes.Clone(raw)
		damaged[header<<12|20] ^= 1
		found, err := checkBytes(damaged, true)
		require.NoError(t, err)
		require.Contains(t, found.warning, "of its two headers is damaged")
	}
}

func TestAFileThatWasNeverWrittenToIsUnused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for pages := 2; pages < 4; pages++ {
		found, err := checkBytes(raw[:pages*os.Getpagesize()], true)
		require.NoError(t, err)
		require.True(t, found.unused)
	}
}

// FuzzCheckFile changes bytes of a sound file. Each change takes three bytes of input: a position (2) and a value. The
// headers' checksums are recomputed, so that the check trusts the headers. bbolt must be able to work with any file
// that the check accepts.
func FuzzCheckFile(f *testing.F) {
	const pageSize = 1 << 10
	sound, _, _ := boltFile(f, 1, pageSize, 12)
	sound = sound[:min(len(sound), 1<<16)]
	f.Add([]byte{})
	f.Add([]byte{16 + 40, 0, 1, 4, 16 + 40, 1})
	f.Add([]byte{8 << 2, 8, 0xFF, 9 << 2, 12, 7})
	f.Fuzz(func(t *testing.T, changes []byte) {
		raw := bytes.Clone(sound)
		for ; len(changes) >= 3; changes = changes[3:] {
			raw[int(binary.BigEndian.Uint16(changes))%len(raw)] = changes[2]
		}
		resum(raw)
		resum(raw[pageSize:])
		found, err := checkBytes(raw, true)
		if err != nil || found.unused {
			return
		}
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		disk, err := openDisk(path, bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
		require.NoError(t, err, "bbolt refuses a file that the check accepts")
		_, _ = churn(t, randomness(1), 3, func(ops ...*storage.Operation) error { return disk.batch(ops) })
		require.NoError(t, disk.close())
	})
}
