// SPDX-License-Identifier: Apache-2.0

package house

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A collector links what its components import. golang-etw and golang-utils are under the GPL, and Cilium's modules are large. A
// collector with one receiver must not link what only the other one needs, nor what only the extension needs that names the ends of flows.
func TestAReceiverLinksNothingThatOnlyTheOtherOneNeeds(t *testing.T) {
	const (
		gpl       = "github.com/0xrawsec/" // golang-etw and golang-utils
		golangETW = gpl + "golang-etw/"
		cilium    = "github.com/cilium/"
		internal  = module + "/internal/"
		k8s       = "k8s.io/"
	)
	receivers := map[string]struct{ links, not []string }{
		"ciliumwindowsreceiver": {
			links: []string{cilium, internal + "asim/networklog", internal + "cilium/"},
			not:   []string{gpl, k8s, internal + "asim/dnslog", internal + "dns", internal + "etw"},
		},
		"asimdnsreceiver": {
			links: []string{internal + "asim/dnslog", internal + "dns", internal + "etw/session"},
			not:   []string{cilium, k8s, internal + "asim/networklog", internal + "cilium"},
		},
	}
	folders, err := filepath.Glob(filepath.Join(root, "receiver/*receiver"))
	require.NoError(t, err)
	var names []string
	for _, folder := range folders {
		names = append(names, filepath.Base(folder))
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(receivers)), "say what each receiver links and what not")
	for _, system := range systems {
		for receiver, tc := range receivers {
			if receiver == "asimdnsreceiver" && system == "windows" {
				tc.links = append(tc.links, golangETW)
			}
			t.Run(system+"/"+receiver, func(t *testing.T) {
				deps := goList(t, system, ".", "-deps", "./receiver/"+receiver)
				linked := func(prefix string) (paths []string) {
					for _, p := range deps {
						if strings.HasPrefix(p.ImportPath, prefix) {
							paths = append(paths, p.ImportPath)
						}
					}
					return paths
				}
				for _, prefix := range tc.links {
					require.NotEmpty(t, linked(prefix), "%s is linked", prefix)
				}
				for _, prefix := range tc.not {
					require.Empty(t, linked(prefix), "nothing of %s is linked", prefix)
				}
			})
		}
	}
}

// A module of its own requires the root module, which requires golang-etw and Cilium. Who imports one of its components links only these packages of the
// root module, and nothing under the GPL on any system.
func TestAComponentWithAModuleOfItsOwnLinksLittleOfTheRootModule(t *testing.T) {
	const private, printable, series = "internal/pipeline/private", "internal/pipeline/printable", "internal/pipeline/series"
	links := map[string][]string{
		"exporter/azure":                          {private, series},
		"exporter/hubbleexporter":                 {printable, private, series},
		"extension/k8snamesextension":             {"internal/cilium/flow", "internal/cilium/monitor", "internal/configyaml", printable, series},
		"extension/resilientfilestorageextension": {private, series},
	}
	for _, folder := range modules(t) {
		if folder == "." || !forUsers(folder) {
			continue
		}
		require.Contains(t, links, folder, "say what each module links of the root module")
		for _, system := range systems {
			var linked []string
			for _, p := range goList(t, system, folder, "-deps", "./...") {
				require.NotContains(t, p.ImportPath, "github.com/0xrawsec/", "%s on %s", folder, system)
				if path := p.path(); path != "" && path != folder && !strings.HasPrefix(path, folder+"/") {
					linked = append(linked, path)
				}
			}
			require.ElementsMatch(t, links[folder], linked, "%s on %s", folder, system)
		}
	}
}
