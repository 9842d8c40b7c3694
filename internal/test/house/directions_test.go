// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// room is a folder directly under internal/, a kind of component, or the programs beside the collectors, and the rooms that its packages may import.
type room struct {
	name    string
	imports []string
}

// rooms are the rooms of the product from top to bottom. A room imports only rooms below it, so there is no cycle.
var rooms = []room{
	{"cmd", []string{"receiver", "exporter", "dns", "cilium", "platform", "etw", "pipeline"}},
	{"receiver", []string{"asim", "dns", "cilium", "platform", "etw", "pipeline", "configyaml"}},
	{"exporter", []string{"pipeline"}},                          // pipeline/private keeps others from files; pipeline/printable escapes names; pipeline/series names metrics
	{"extension", []string{"cilium", "pipeline", "configyaml"}}, // the names of a flow's ends; pipeline/private, pipeline/series
	{"asim", []string{"dns", "cilium", "etw", "pipeline"}},
	{"dns", []string{"etw", "pipeline", "configyaml"}}, // pipeline/hold keeps events back and has their clock
	{"cilium", []string{"pipeline", "configyaml"}},     // pipeline/clock stamps events; pipeline/recording writes files of them
	{"platform", []string{"etw", "pipeline"}},          // a SID; pipeline/private keeps others from files
	{"etw", []string{"pipeline", "configyaml"}},        // recordings are files of ETW
	{"pipeline", []string{"configyaml"}},
	{"configyaml", nil},
}

// forTests are the rooms that no package of the product imports. They may import all others.
var forTests = []string{"test", "bench", "tools"}

// roomOf returns the room of a package's path in the repository.
func roomOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "internal/"), "/")
	return parts[0]
}

func TestInternalHasAtMostTenRoomsAndEachHasItsPlace(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "internal"))
	require.NoError(t, err)
	var found, known []string
	for _, e := range entries {
		require.True(t, e.IsDir(), "internal/%s lies in a room", e.Name())
		found = append(found, e.Name())
	}
	require.LessOrEqual(t, len(found), 10)
	known = slices.Clone(forTests)
	for _, r := range rooms {
		if !slices.Contains([]string{"cmd", "receiver", "exporter", "extension"}, r.name) {
			known = append(known, r.name)
		}
	}
	require.ElementsMatch(t, known, found)
}

func TestTheAllowedDirectionsPointDownwards(t *testing.T) {
	for i, r := range rooms {
		for _, below := range r.imports {
			require.Truef(t, slices.ContainsFunc(rooms[i+1:], func(r room) bool { return r.name == below }), "%s imports %s, which is not below it", r.name, below)
		}
	}
}

func TestNoRoomImportsOneAboveIt(t *testing.T) {
	allowed := map[string][]string{}
	for _, r := range rooms {
		allowed[r.name] = append(r.imports, r.name)
	}
	for _, system := range systems {
		used := map[string]bool{}
		for _, p := range product(t, system) {
			from := roomOf(p.path())
			if slices.Contains(forTests, from) {
				continue
			}
			require.Contains(t, allowed, from, "%s lies in a room", p.ImportPath)
			for _, imported := range p.Imports {
				if path := inRepository(imported); path != "" {
					require.Contains(t, allowed[from], roomOf(path), "%s imports %s", p.ImportPath, imported)
					used[from+" "+roomOf(path)] = true
				}
			}
		}
		for _, r := range rooms {
			for _, below := range r.imports {
				require.True(t, used[r.name+" "+below], "on %s nothing of %s imports %s: take it from the row", system, r.name, below)
			}
		}
	}
}

func TestOnlyComponentsReadConfiguration(t *testing.T) {
	const confmap = "go.opentelemetry.io/collector/confmap"
	components := []string{"receiver", "exporter", "extension", "configyaml", "cmd"} // winnet-hunt configures receivers
	for _, system := range systems {
		used := 0
		for _, p := range product(t, system) {
			if !slices.ContainsFunc(p.Imports, func(i string) bool { return i == confmap || strings.HasPrefix(i, confmap+"/") }) {
				continue
			}
			if room := roomOf(p.path()); !slices.Contains(forTests, room) {
				require.Contains(t, components, room, "%s imports confmap", p.ImportPath)
				used++
			}
		}
		require.Positive(t, used, "go list sees the imports")
	}
}

func TestOnlyRecordsAndBatchesAreMadeOfPdata(t *testing.T) {
	for _, system := range systems {
		used := 0
		for _, p := range product(t, system) {
			path := p.path()
			if !strings.HasPrefix(path, "internal/") || slices.Contains(forTests, roomOf(path)) {
				continue
			}
			if slices.ContainsFunc(p.Imports, func(i string) bool { return strings.HasPrefix(i, "go.opentelemetry.io/collector/pdata") }) {
				require.True(t, roomOf(path) == "asim" || path == "internal/pipeline" || path == "internal/pipeline/status", "%s imports pdata", p.ImportPath)
				used++
			}
		}
		require.Positive(t, used, "go list sees the imports")
	}
}
