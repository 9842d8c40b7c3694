// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"encoding/binary"
	"hash/crc32"
)

// bbolt has checksums for its two headers only. A byte that changed on disk inside a value would be delivered as evidence, so
// each value is kept with a checksum of its key and itself in front: CRC-32C, 4 bytes, little endian.
const sealSize = 4

// Buckets of a file. The first has sealed values. The second is that of file_storage, with bare ones: what it holds is read,
// and moves to the first when it is written anew.
const (
	sealedBucket = "checksummed"
	bareBucket   = "default"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key string, value []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, value)
}

// seal gives the value with its checksum in front, in memory of its own.
func seal(key string, value []byte) []byte {
	sealed := make([]byte, sealSize+len(value))
	binary.LittleEndian.PutUint32(sealed, checksum(key, value))
	copy(sealed[sealSize:], value)
	return sealed
}

// unseal gives the value without its checksum, in the memory of sealed. The error is a *damageError.
func unseal(key string, sealed []byte) ([]byte, error) {
	if len(sealed) < sealSize {
		return nil, damaged("the value of %q has no checksum", key)
	}
	value := sealed[sealSize:]
	if want, got := binary.LittleEndian.Uint32(sealed), checksum(key, value); want != got {
		return nil, damaged("the value of %q has the checksum %08x; stored was %08x", key, got, want)
	}
	return value, nil
}
