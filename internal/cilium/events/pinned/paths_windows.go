// SPDX-License-Identifier: Apache-2.0

package pinned

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// List returns the pins of this host, in the order of their paths, and at most 1,000. With an error, those before it are returned.
// ErrOutdated says that the installed eBPF for Windows cannot list them: the function is of January 2025.
//
// It wraps (ebpf_api.h)
//
//	ebpf_result_t ebpf_get_next_pinned_object_path(const char* start_path, char* next_path, size_t next_path_len, ebpf_object_type_t* type)
//
// with which a path need not be pinned to begin after it.
func List() ([]Pin, error) {
	const (
		denied     = 20  // EBPF_ACCESS_DENIED
		noMoreKeys = 25  // EBPF_NO_MORE_KEYS
		longest    = 256 // EBPF_MAX_PIN_PATH_LENGTH, with the NUL
	)
	var address uintptr
	if err := Functions("1.0", map[string]*uintptr{"ebpf_get_next_pinned_object_path": &address}); err != nil {
		return nil, err
	}
	return walk(func(after string) (Pin, error) {
		start, err := windows.BytePtrFromString(after)
		if err != nil {
			return Pin{}, err
		}
		var path [longest]byte
		var kind int32 // EBPF_OBJECT_UNKNOWN: of any kind
		result, _, _ := syscall.SyscallN(address, uintptr(unsafe.Pointer(start)), uintptr(unsafe.Pointer(&path[0])), longest, uintptr(unsafe.Pointer(&kind)))
		switch uint32(result) {
		case 0:
			return Pin{Path: windows.ByteSliceToString(path[:]), Kind: kindOf(kind)}, nil
		case noMoreKeys:
			return Pin{}, errNoMore
		case denied:
			return Pin{}, fmt.Errorf("ebpf_get_next_pinned_object_path: %w", os.ErrPermission)
		}
		return Pin{}, fmt.Errorf("ebpf_get_next_pinned_object_path: ebpf_result_t %d", uint32(result))
	})
}

// kindOf names an ebpf_object_type_t (ebpf_structs.h).
func kindOf(number int32) string {
	if name, ok := map[int32]string{1: "map", 2: "link", 3: "program"}[number]; ok {
		return name
	}
	return strconv.Itoa(int(number))
}
