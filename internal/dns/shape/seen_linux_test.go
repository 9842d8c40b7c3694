// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"os"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The memory for names is reserved by its largest size, which may be more than the host has. Only names use it up: a file of a replay, which
// begins with none, does not.
func TestTheMemoryOfNamesIsTouchedOnlyAsItIsUsed(t *testing.T) {
	const size = 512 << 20
	s := newSeen(time.Hour, size)
	s.add(client, []byte("www.example.com"), start.UnixNano())
	s.forget()

	pages := make([]byte, size/os.Getpagesize())
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&s.sets[0])), size, uintptr(unsafe.Pointer(&pages[0])))
	require.Zero(t, errno, "a large slice begins with a page")
	used := 0
	for _, p := range pages {
		used += int(p & 1)
	}
	require.Less(t, used, len(pages)/10)
}
