// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"encoding/binary"
	"hash/crc32"
)

// bbolt has checksums for its two headers only. A byte that changed on the disk inside a value would be delivered as
// evidence, so each value is stored after a checksum of its key and itself: CRC-32C, 4 bytes, little endian.
const sealSize = 4

// The buckets of a file. The first has sealed values. The second is file_storage's, with bare values. Its values are
// read, and move to the first when they are written again.
const (
	sealedBucket = "checksummed"
	bareBucket   = "default"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key string, value []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, value)
}

// seal returns a copy of the value with its checksum in front.
func seal(key string, value []byte) []byte {
	sealed := make([]byte, sealSize+len(value))
	binary.LittleEndian.PutUint32(sealed, checksum(key, value))
	copy(sealed[sealSize:], value)
	return sealed
}

// unseal returns the value without its checksum, in the memory of sealed. The error is a *damageError.
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
