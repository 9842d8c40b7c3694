// SPDX-License-Identifier: Apache-2.0

package hnsstate

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
)

func TestCiliumIsOnWhereTheRegistrySaysOne(t *testing.T) {
	const where = `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\hns\State\CiliumOnWindows`
	for _, c := range []struct {
		n    uint64
		err  error
		want State
	}{
		{1, nil, State{On: true, Text: where + " is 1"}},
		{0, nil, State{Text: where + " is 0"}},
		{2, nil, State{Text: where + " is 2"}},
		{0, fmt.Errorf("open: %w", os.ErrNotExist), State{Text: where + " is missing"}},
		{0, os.ErrPermission, State{Text: where + " cannot be read: permission denied"}},
		{0, errors.ErrUnsupported, State{On: true}},
	} {
		got := Read(func(k, v string) (uint64, error) {
			if k != `SYSTEM\CurrentControlSet\Services\hns\State` || v != "CiliumOnWindows" {
				t.Errorf("read %s of %s", v, k)
			}
			return c.n, c.err
		})
		if got != c.want {
			t.Errorf("%d, %v: %+v; want %+v", c.n, c.err, got, c.want)
		}
	}
}

func TestWithoutARegistryNothingSaysNo(t *testing.T) {
	if runtime.GOOS == "windows" {
		if got := Read(Registry); got.Text == "" {
			t.Errorf("%+v; want what the registry says", got)
		}
		return
	}
	if got := Read(Registry); got != (State{On: true}) {
		t.Errorf("%+v; want on", got)
	}
}
