// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func TestTheReadmeShowsRecordsThatMakeRunWrites(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(captureFile, everything))
	shown := 0
	for _, s := range kit.Samples(t, "../../docs/records.md", "# What a record looks like") {
		if !strings.HasPrefix(s.Body, "DNS ") {
			s.RequireAmong(t, sink)
			shown++
		}
	}
	require.Equal(t, 1, shown)
}

func TestTheReadmesDefaultsAreTheDefaults(t *testing.T) {
	kit.RequireDefaults(t, "README.md", "## Configuration", "ciliumwindows", createDefaultConfig(), map[string]string{
		"node_name": "`${NODE_NAME}`, else this host's name; in a replay the file's name stands in `Dvc`",
	})
	kit.RequireDefaults(t, "../../docs/configuration.md", "## The keys that one sets first", "ciliumwindows", createDefaultConfig(), nil)
}
