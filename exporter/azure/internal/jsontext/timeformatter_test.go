// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTimesHaveAResolutionOf100ns(t *testing.T) {
	var f TimeFormatter
	for at, want := range map[uint64]string{
		0: "1970-01-01T00:00:00.0000000Z", 99: "1970-01-01T00:00:00.0000000Z", 100: "1970-01-01T00:00:00.0000001Z", 1e9 - 1: "1970-01-01T00:00:00.9999999Z",
		1772600767894000100: "2026-03-04T05:06:07.8940001Z", 1<<64 - 1: "2554-07-21T23:34:33.7095516Z",
	} {
		require.Equal(t, want, string(f.Append(nil, at)))
	}
}
