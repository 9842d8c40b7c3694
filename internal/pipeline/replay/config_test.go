// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestConfigIsRefusedWithTheKeyTheValueAndWhatIsAllowed(t *testing.T) {
	good := DefaultConfig()
	require.NoError(t, good.Validate())
	require.ErrorContains(t, (&Config{Repeat: -1}).Validate(), "repeat: -1 is not allowed")
	for _, rate := range []float64{-1, 1e-300, 9.9e-7, 1.1e9, math.NaN(), math.Inf(1)} {
		require.ErrorContains(t, (&Config{Rate: rate}).Validate(), "want events a second, 1e-06 to 1e+09, or 0 (no limit)", "%v", rate)
	}
	for _, rate := range []float64{0, 1e-6, 1e9} {
		require.NoError(t, (&Config{Rate: rate}).Validate(), "%v", rate)
	}
	require.ErrorContains(t, (&Config{Path: Paths{"a["}, Repeat: 1}).Validate(), "path: ")
	require.ErrorContains(t, (&Config{Path: Paths{"a", " "}, Repeat: 1}).Validate(), `path[1]: " " is not allowed; want a file or a glob pattern`)
}

// A replay that follows *.etl and records into the same folder read its recording again each second, without end.
func TestARecordingThatTheReplayWouldReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	literal := filepath.Join(dir, "a[1].etl")
	require.NoError(t, os.WriteFile(literal, nil, 0o600))
	for _, test := range []struct {
		path, file string
		refused    bool
	}{
		{filepath.Join(dir, "*.etl"), filepath.Join(dir, "out.etl"), true},
		{filepath.Join(dir, "l?ter", "*.etl"), filepath.Join(dir, "later", "out.etl"), true},
		{filepath.Join(dir, "later", "*.etl"), filepath.Join(dir, "later", "out.etl"), true},
		{filepath.Join(dir, "out.etl"), dir + "/./out.etl", true},
		{filepath.Join(dir, "*.etl"), filepath.Join(dir, "later", "out.etl"), false},
		{filepath.Join(dir, "in*.etl"), filepath.Join(dir, "out.etl"), false},
		{filepath.Join(dir, "in.etl"), filepath.Join(dir, "out.etl"), false},
		{literal, filepath.Join(dir, "a1.etl"), false},
	} {
		requireRecorded(t, test.path, test.file, test.refused)
	}
	require.NoError(t, (&Config{}).CheckRecorded([]string{"out.etl"}), "a live source")
	require.NoError(t, (&Config{Path: Paths{"*.etl"}}).CheckRecorded(nil), "no recording")
}

// requireRecorded requires that a file that is recorded to is refused beside a replay of path, or not.
func requireRecorded(t *testing.T, path, file string, refused bool) {
	t.Helper()
	c := Config{Path: Paths{"other.etl", path}, Repeat: 1}
	err := c.CheckRecorded([]string{"elsewhere.etl", file})
	if !refused {
		require.NoError(t, err, "%s %s", path, file)
		return
	}
	require.ErrorContains(t, err, fmt.Sprintf("%s is a file of replay.path, %q: the replay would read what it has recorded itself", file, path))
}

func TestAPathIsTextOrAListAndATextMayHoldCommas(t *testing.T) {
	for yaml, want := range map[string]Paths{
		`path: a.etl`:               {"a.etl"},
		`path: "a, b.etl"`:          {"a, b.etl"},
		`path: [a.etl, "b, c.etl"]`: {"a.etl", "b, c.etl"},
		"path:\n  - a.etl\n  - b/*": {"a.etl", "b/*"},
		`path: ""`:                  nil,
		`path: []`:                  {},
		`repeat: 1`:                 nil,
	} {
		raw, err := confmap.NewRetrievedFromYAML([]byte(yaml))
		require.NoError(t, err)
		conf, err := raw.AsConf()
		require.NoError(t, err)
		got := DefaultConfig()
		require.NoError(t, conf.Unmarshal(&got), yaml)
		require.Equal(t, want, got.Path, yaml)
		require.Equal(t, len(want) > 0, got.Enabled(), yaml)
		require.NoError(t, got.Validate(), yaml)
	}
	got := DefaultConfig()
	require.Error(t, confmap.NewFromStringMap(map[string]any{"path": 5}).Unmarshal(&got))
}

func TestAPathThatYAMLOrTheCommandLineBrokeNamesTheEscapeOrTheVariable(t *testing.T) {
	c := Config{Path: Paths{"D:\traces\neu.etl"}, Repeat: 1}
	require.ErrorContains(t, c.Validate(), `path: it reads D:<TAB>races<LF>eu.etl: within YAML's double quotes \t is TAB, \n is LF`)
	c = Config{Path: Paths{"a.etl", `%ProgramData%\otel\*.etl`}, Repeat: 1}
	require.ErrorContains(t, c.Validate(), "path[1]: ")
	require.ErrorContains(t, c.Validate(), "want ${env:ProgramData}")
}

func TestAJobThatWouldNeverEndIsRefused(t *testing.T) {
	require.ErrorContains(t, (&Config{ExitWhenDone: true, Repeat: 1}).Validate(), "path: it is missing or empty", "a live source is never done")
	require.ErrorContains(t, (&Config{ExitWhenDone: true, Path: Paths{"a"}}).Validate(), "exit_when_done: true is not allowed with repeat: 0")
	require.NoError(t, (&Config{ExitWhenDone: true, Path: Paths{"a"}, Repeat: 2}).Validate())
}
