// SPDX-License-Identifier: Apache-2.0

//go:build !windows || (!amd64 && !arm64)

package session

import (
	"fmt"
	"runtime"
)

// newAPI fails: this is not Windows, or a 32-bit Windows, where golang-etw truncates 64-bit keywords and handles.
func newAPI() (api, error) {
	platform := runtime.GOOS
	if platform == "windows" {
		platform += "/" + runtime.GOARCH
	}
	return nil, fmt.Errorf("%w; this is %s: set replay.path to read a recorded .etl file", ErrUnsupported, platform)
}
