// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// GitHub's form schema: name, description and body; of each field a type and, but for text, an id and a label.
func TestTheIssueFormsAskForWhatAnAnswerNeeds(t *testing.T) {
	for _, file := range []string{"bug.yaml", "feature.yaml"} {
		var form struct {
			Name, Description string
			Body              []struct {
				Type, ID   string
				Attributes struct{ Label, Value string }
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(read(t, ".github/ISSUE_TEMPLATE/"+file)), &form), file)
		require.NotEmpty(t, form.Name)
		require.NotEmpty(t, form.Description)
		asked := map[string]bool{}
		for _, field := range form.Body {
			require.Contains(t, []string{"markdown", "textarea", "input"}, field.Type, file)
			if field.Type == "markdown" {
				require.NotEmpty(t, field.Attributes.Value)
				continue
			}
			require.NotEmpty(t, field.Attributes.Label, field.ID)
			require.False(t, asked[field.ID], field.ID)
			asked[field.ID] = true
		}
		for _, id := range []string{"version", "config", "account", "log"} {
			require.True(t, asked[id], "%s: %s", file, id)
		}
	}
}

func TestTheCodeIsOwnedByATeam(t *testing.T) {
	for line := range strings.SplitSeq(strings.TrimSpace(read(t, ".github/CODEOWNERS")), "\n") {
		require.Regexp(t, `^\S+ @otelcol-winnet/maintainers$`, line)
	}
}
