// SPDX-License-Identifier: Apache-2.0

package hnsstate

import "golang.org/x/sys/windows/registry"

// Registry is the Reader of the Windows Registry of this machine.
func Registry(key, value string) (n uint64, err error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.QUERY_VALUE)
	if err != nil {
		return 0, err
	}
	defer k.Close()
	n, _, err = k.GetIntegerValue(value)
	return n, err
}
