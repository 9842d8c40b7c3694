// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"go.opentelemetry.io/collector/component"
)

// clientPath returns the path of a client's file. It is the one that file_storage uses, so that either extension finds
// the queue that the other one wrote. A name that is too long for the file system is replaced by its hash.
func clientPath(directory string, kind component.Kind, id component.ID, storageName string) string {
	name := fmt.Sprintf("%s_%s_%s", kindName(kind), id.Type(), id.Name())
	if storageName != "" {
		name += "_" + storageName
	}
	name = sanitize(name)
	path := filepath.Join(directory, name)
	if _, err := os.Lstat(path); errors.Is(err, syscall.ENAMETOOLONG) {
		return filepath.Join(directory, hashed(name))
	}
	return path
}

func kindName(kind component.Kind) string {
	switch kind {
	case component.KindReceiver, component.KindProcessor, component.KindExporter, component.KindExtension, component.KindConnector:
		return strings.ToLower(kind.String())
	default:
		return "other"
	}
}

// sanitize replaces each character that is not safe in a file name by a tilde and its number in hexadecimal.
func sanitize(name string) string {
	var safe strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			safe.WriteRune(r)
		default:
			fmt.Fprintf(&safe, "~%04X", r)
		}
	}
	return safe.String()
}

func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
