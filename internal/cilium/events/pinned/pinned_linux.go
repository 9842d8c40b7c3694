// SPDX-License-Identifier: Apache-2.0

// Pinned maps on Linux: files of a BPF file system.

package pinned

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const rights = "root, or CAP_BPF and permission on the file"

// root is the usual mount point of the BPF file system.
const root = "/sys/fs/bpf"

func prepare() error { return nil }

// explainPlatform corrects misleading errors: the kernel reports a directory, or a file outside a BPF file system, as a lack of
// permission.
func explainPlatform(path string, err error) error {
	if !errors.Is(err, os.ErrPermission) {
		return nil
	}
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory; want the path of a pinned map (%w)", path, err)
	}
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil || uint32(fs.Type) == unix.BPF_FS_MAGIC {
		return nil
	}
	return fmt.Errorf("%s is not on a BPF file system, so no map can be pinned there; pins are found below %s (%w)", path, root, err)
}

func hint(path string) string {
	if strings.HasPrefix(path, root+"/") {
		return ""
	}
	return " On Linux pins are found below " + root + ", Cilium's in " + root + "/tc/globals."
}
