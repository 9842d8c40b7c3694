// SPDX-License-Identifier: Apache-2.0

//go:build !windows || (!amd64 && !arm64)

package session

import (
	"fmt"
	"runtime"
)

// newAPI fails: there is no ETW here, or a 32-bit Windows, where golang-etw cuts 64-bit keywords and handles in half.
func newAPI() (api, error) {
	platform := runtime.GOOS
	if platform == "windows" {
		platform += "/" + runtime.GOARCH
	}
	return nil, fmt.Errorf("%w; this is %s: set replay.path to read a recorded .etl file", ErrUnsupported, platform)
}
