// SPDX-License-Identifier: Apache-2.0

//go:build !windows || (!amd64 && !arm64)

package provider

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

func register(etw.GUID) (Writer, error) { return nil, ErrUnsupported }
