// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

const (
	chartFolder = "../../../deploy/kubernetes/otelcol-winnet"
	// The names that the documents install with.
	release, namespace = "otelcol-winnet", "otelcol-winnet"
)

// render renders the chart with values in YAML, as helm template does: the values pass values.schema.json, and a key that a template reads
// and that does not exist is an error. The result is each template's text by its file name.
func render(values string) (map[string]string, error) {
	chart, err := loader.Load(chartFolder)
	if err != nil {
		return nil, err
	}
	given, err := chartutil.ReadValues([]byte(values))
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(chart, given, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Engine{Strict: true}.Render(chart, all)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name, text := range rendered {
		if strings.HasSuffix(name, ".yaml") && strings.TrimSpace(text) != "" {
			files[path.Base(name)] = text
		}
	}
	return files, nil
}

// manifest joins files to one text of several documents, in the order of their names.
func manifest(files map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text.WriteString("---\n" + strings.TrimPrefix(strings.TrimSpace(files[name]), "---\n") + "\n")
	}
	return text.String()
}
