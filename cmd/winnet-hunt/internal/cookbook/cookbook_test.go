// SPDX-License-Identifier: Apache-2.0

package cookbook

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
)

const folder = "../../../../deploy/sentinel/queries"

func TestTheQueriesAreWrittenFromTheQuestions(t *testing.T) {
	want, err := Files()
	require.NoError(t, err)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, len(want), "run make queries")
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err, "run make queries")
		require.Equal(t, string(text), string(got), "%s: run make queries", name)
	}
}

// The tactics are those of Sentinel's analytic rules and hunting queries.
var tactics = []string{
	"Reconnaissance", "ResourceDevelopment", "InitialAccess", "Execution", "Persistence", "PrivilegeEscalation", "DefenseEvasion", "CredentialAccess", "Discovery",
	"LateralMovement", "Collection", "Exfiltration", "CommandAndControl", "Impact",
}

func TestAQueryHasTheFormOfSentinelsRepository(t *testing.T) {
	files, err := Files()
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, q := range question.All() {
		text := string(files[q.ID+".yaml"])
		require.Contains(t, text, "\nquery: |\n  let until = now();\n", "check-kql finds the query by its line")
		var h Query
		require.NoError(t, yaml.Unmarshal([]byte(text), &h))
		require.True(t, strings.HasPrefix(h.Query, q.KQL), q.ID)
		_, err := uuid.Parse(h.ID)
		require.NoError(t, err)
		require.False(t, ids[h.ID])
		ids[h.ID] = true
		require.Subset(t, tactics, h.Tactics)
		require.NotEmpty(t, h.Tactics)
		require.NotEmpty(t, h.RelevantTechniques)
		for _, id := range h.RelevantTechniques {
			require.Regexp(t, regexp.MustCompile(`^T\d{4}(\.\d{3})?$`), id)
		}
		require.LessOrEqual(t, len(h.Name), 100)
		require.Contains(t, h.Description, q.Title)
		for _, e := range h.EntityMappings {
			for _, f := range e.FieldMappings {
				require.Contains(t, h.Query, f.ColumnName)
			}
		}
	}
}

// A host is known by its whole name; an account by its name or its SID; and what may be a name is no address.
func TestAnEntityIsWhatItsColumnHas(t *testing.T) {
	got := map[string]map[string][]Field{}
	for _, q := range question.All() {
		got[q.ID] = map[string][]Field{}
		for _, e := range Of(q).EntityMappings {
			got[q.ID][e.EntityType] = append(got[q.ID][e.EntityType], e.FieldMappings...)
		}
	}
	require.Equal(t, map[string][]Field{"IP": {{"Address", "ClientAddress"}}}, got["dns-over-https"])
	require.Equal(t, map[string][]Field{"IP": {{"Address", "Resolver"}}, "Host": {{"FullName", "Asker"}}}, got["odd-resolvers"])
	require.Equal(t, map[string][]Field{
		"Host": {{"FullName", "Server"}}, "Account": {{"FullName", "UserName"}, {"Sid", "UserSid"}}, "DNS": {{"DomainName", "Zone"}},
	}, got["server-changes"])
	require.Equal(t, map[string][]Field{"IP": {{"Address", "ClientAddress"}}, "DNS": {{"DomainName", "Zone"}}}, got["zone-transfers"])
}

func TestEachQuestionSaysWhatAReaderNeeds(t *testing.T) {
	all := question.All()
	require.Len(t, all, 20)
	for i, q := range all {
		require.Equal(t, i+1, q.Number)
		require.True(t, strings.HasSuffix(q.Title, "?"), q.ID)
		for _, s := range []string{q.Name, q.Reading, q.FalseAlarms, q.Planted, q.Near} {
			require.NotEmpty(t, s, q.ID)
		}
		require.Contains(t, []string{"High", "Medium", "Low", "Informational"}, q.Severity)
		require.NotEmpty(t, q.Tables)
		require.NotEmpty(t, q.Columns)
		require.Equal(t, q.Baseline, strings.Contains(q.SQL, "$since"), q.ID)
		require.Equal(t, q.Baseline, strings.Contains(q.KQL, "let since ="), q.ID)
	}
}
