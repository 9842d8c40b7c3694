// SPDX-License-Identifier: Apache-2.0

// What is Linux about pinned maps: they are files of a BPF file system.

package pinned

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const rights = "root, or CAP_BPF and permission on the file"

// root is where the BPF file system is mounted by convention.
const root = "/sys/fs/bpf"

func prepare() error { return nil }

// explainPlatform knows the errors that would mislead: the kernel reports a directory, and a file outside a BPF file system,
// as a lack of permission, whoever asks.
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
