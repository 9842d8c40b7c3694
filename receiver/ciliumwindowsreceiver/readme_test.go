// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func TestTheReadmesDefaultsAreTheDefaults(t *testing.T) {
	kit.RequireDefaults(t, "README.md", "## Configuration", "ciliumwindows", createDefaultConfig(), map[string]string{
		"node_name": "`${NODE_NAME}`, else this host's name; in a replay `Dvc` has the file's name",
	})
	kit.RequireDefaults(t, "../../docs/configuration.md", "## Keys to set first", "ciliumwindows", createDefaultConfig(), nil)
}
