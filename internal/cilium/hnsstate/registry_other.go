// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package hnsstate

import "errors"

// Registry is the Reader for systems without a Windows Registry.
func Registry(string, string) (uint64, error) { return 0, errors.ErrUnsupported }
