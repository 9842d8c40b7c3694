// SPDX-License-Identifier: Apache-2.0

package hnsstate

import (
	"errors"
	"os"
	"testing"
)

func TestTheRegistryIsRead(t *testing.T) {
	const version = `SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	if n, err := Registry(version, "InstallDate"); err != nil || n == 0 {
		t.Errorf("Windows was installed at %d, %v; want a time", n, err)
	}
	for _, missing := range []struct{ key, value string }{{version, "no such value"}, {`SOFTWARE\no such key`, "value"}} {
		if _, err := Registry(missing.key, missing.value); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%+v: %v; want %v", missing, err, os.ErrNotExist)
		}
	}
	if n, err := Registry(version, "ProductName"); err == nil {
		t.Errorf("a text was read as %d", n)
	}
}
