// SPDX-License-Identifier: Apache-2.0

//go:build !windows || (!amd64 && !arm64)

package schema

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

// FromHost returns nil: only Windows has its providers' manifests.
func FromHost(*etw.Record) (*Template, error) { return nil, nil }

// KeywordsFromHost returns no keywords: only Windows has its providers' manifests.
func KeywordsFromHost(etw.GUID) ([]Keyword, error) { return nil, nil }

// EventsFromHost returns no events: only Windows has its providers' manifests.
func EventsFromHost(etw.GUID) ([]Descriptor, error) { return nil, nil }
