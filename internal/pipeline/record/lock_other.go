// SPDX-License-Identifier: Apache-2.0

//go:build !unix && !windows

package record

import (
	"errors"
	"os"
)

func lock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
