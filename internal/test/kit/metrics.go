// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Point returns the only data point of a metric of the receiver with the ID.
func Point[N int | int64](id component.ID, n N, kv ...attribute.KeyValue) []metricdata.DataPoint[int64] {
	return []metricdata.DataPoint[int64]{{Value: int64(n), Attributes: Attributes(id, kv...)}}
}

// Attributes returns the attributes of a point of the receiver with the ID: the ID, and those given.
func Attributes(id component.ID, kv ...attribute.KeyValue) attribute.Set {
	return attribute.NewSet(append(kv, attribute.String("receiver", id.String()))...)
}

// MetricNames returns the names of a receiver's own metrics in its folder: those in documentation.md, which is
// generated, and those that README.md mentions. It requires that the second are among the first, in full, with the
// collector's prefix.
func MetricNames(t testing.TB, folder, typ string) (all, said []string) {
	t.Helper()
	read := func(file, pattern string) (names []string) {
		text, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
		return names
	}
	all = read("documentation.md", "(?m)^### (otelcol_receiver_"+typ+"_[a-z_]+)$")
	said = read("README.md", "`([a-z_]*receiver_"+typ+"_[a-z_]+)`")
	require.NotEmpty(t, all)
	require.NotEmpty(t, said)
	require.Subset(t, all, said, "README.md names a metric that the receiver does not have under that name")
	return all, said
}
