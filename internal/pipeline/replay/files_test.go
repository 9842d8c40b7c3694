// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// folder makes a directory with empty files of these names.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	return dir
}

// good finds nothing wrong with a file.
func good(string) error { return nil }

// listed gives the base names that Check lists for patterns in a directory.
func listed(t *testing.T, dir string, patterns ...string) []string {
	t.Helper()
	c := Config{}
	for _, pattern := range patterns {
		c.Path = append(c.Path, filepath.Join(dir, pattern))
	}
	files, err := c.Check(good)
	require.NoError(t, err)
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

func TestFilesAreAPathOrAGlobSorted(t *testing.T) {
	dir := folder(t, "b.etl", "a.etl", "a[1].etl", "c.txt")
	for pattern, want := range map[string][]string{"*.etl": {"a.etl", "a[1].etl", "b.etl"}, "b.etl": {"b.etl"}, "a[1].etl": {"a[1].etl"}} {
		require.Equal(t, want, listed(t, dir, pattern), pattern)
	}
	_, err := (&Config{Path: Paths{filepath.Join(dir, "none-*.etl")}}).Check(good)
	require.ErrorIs(t, err, ErrNoFile)
	require.ErrorContains(t, err, "none-*.etl")
}

func TestAFileOrAFolderThatIsThereMayHaveAnyName(t *testing.T) {
	dir := folder(t, "100%_of%x.etl", "dns-%TEMP%.etl", "a[.etl", "{b}.etl", "$c.etl", "日本 1.etl")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "traces[1]"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "more["), 0o700))
	for _, name := range []string{"traces[1]/a.etl", "traces[1]/b.etl", "traces[1]/c.txt", "more[/d.etl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), nil, 0o600))
	}
	for pattern, want := range map[string][]string{
		"100%_of%x.etl": {"100%_of%x.etl"}, "dns-%TEMP%.etl": {"dns-%TEMP%.etl"}, "a[.etl": {"a[.etl"}, "{b}.etl": {"{b}.etl"}, "$c.etl": {"$c.etl"}, "日本 1.etl": {"日本 1.etl"},
		"traces[1]/*.etl": {"a.etl", "b.etl"}, "traces[1]/a.etl": {"a.etl"}, "more[/*": {"d.etl"}, "dns-%TEMP%*": {"dns-%TEMP%.etl"},
	} {
		path := filepath.Join(dir, filepath.FromSlash(pattern))
		require.NoError(t, (&Config{Path: Paths{path}, Repeat: 1}).Validate(), pattern)
		require.Equal(t, want, listed(t, dir, filepath.FromSlash(pattern)), pattern)
	}
	_, err := (&Config{Path: Paths{filepath.Join(dir, "traces[1]", "none*")}}).Check(good)
	require.ErrorIs(t, err, ErrNoFile)
	require.Error(t, (&Config{Path: Paths{filepath.Join(dir, "traces[1]", "a[")}, Repeat: 1}).Validate(), "neither a file nor a pattern")
}

func TestChainedFilesAreReadByNumber(t *testing.T) {
	dir := folder(t, "dns_1.etl", "dns_2.etl", "dns_10.etl", "dns_11.etl", "dns_009.etl", "dns_9.etl", "dns_.etl", "dns_99999999999999999999.etl")
	require.Equal(t, []string{
		"dns_1.etl", "dns_2.etl", "dns_009.etl", "dns_9.etl", "dns_10.etl", "dns_11.etl", "dns_99999999999999999999.etl", "dns_.etl",
	}, listed(t, dir, "*.etl"))
	dir = folder(t, "dns.etl", "dns.1.etl")
	require.Equal(t, []string{"dns.1.etl", "dns.etl"}, listed(t, dir, "dns*.etl"), "what a recording calls its earlier file comes first")
}

func TestAListIsReadInItsOrderAndEachFileOnce(t *testing.T) {
	dir := folder(t, "a.etl", "b.etl", "c.etl")
	require.Equal(t, []string{"c.etl", "a.etl", "b.etl"}, listed(t, dir, "c.etl", "*.etl", "b.etl", "./a.etl"))
}

func TestNamesAreOrderedTheSameWhicheverComesFirst(t *testing.T) {
	names := []string{"", "1", "01", "2", "10", "a", "a1", "a01", "a1b", "a10", "a2b", "b", "1a", "a/1", "a/b"}
	for _, a := range names {
		for _, b := range names {
			require.Equal(t, CompareNames(a, b) > 0, CompareNames(b, a) < 0, "%q %q", a, b)
			require.Equal(t, a == b, CompareNames(a, b) == 0, "%q %q", a, b)
		}
	}
	sorted := slices.SortedFunc(slices.Values(names), CompareNames)
	slices.Reverse(names)
	require.Equal(t, sorted, slices.SortedFunc(slices.Values(names), CompareNames))
}

func TestAFileFollowsTheOneBeforeItsNumber(t *testing.T) {
	for _, pair := range [][2]string{
		{"dns_1.etl", "dns_2.etl"}, {"dns_9.etl", "dns_10.etl"}, {"dns_009.etl", "dns_010.etl"}, {"d/7/dns.etl", "d/8/dns.etl"},
		{"dns.1.etl", "dns.etl"}, {"dns_99999999999999999999.etl", "dns_100000000000000000000.etl"},
	} {
		require.True(t, Follows(pair[0], pair[1]), pair)
		require.False(t, Follows(pair[1], pair[0]), pair)
	}
	for _, pair := range [][2]string{
		{"", "dns_1.etl"}, {"dns_1.etl", "dns_3.etl"}, {"dns_1.etl", "dns_1.etl"}, {"a_1.etl", "b_2.etl"}, {"1_1.etl", "2_2.etl"}, {"dns.etl", "dns_1.etl"},
	} {
		require.False(t, Follows(pair[0], pair[1]), pair)
	}
}

func TestAFileFollowsHoweverItsPathIsWritten(t *testing.T) {
	dir := folder(t, "dns_1.etl", "dns_2.etl", "dns.1.etl", "dns.etl")
	t.Chdir(dir)
	for _, names := range [][2]string{{"dns_1.etl", "dns_2.etl"}, {"dns.1.etl", "dns.etl"}, {"gone_1.etl", "gone_2.etl"}} {
		before, next := names[0], names[1]
		upper := []string{}
		if runtime.GOOS == "windows" {
			upper = []string{strings.ToUpper(next), strings.ToUpper(filepath.Join(dir, next))}
		}
		for _, next := range append(upper, next, "./"+next, ".//"+next, filepath.Join(dir, next), dir+"/./"+next, "../"+filepath.Base(dir)+"/"+next) {
			for _, before := range []string{before, "./" + before, filepath.Join(dir, before)} {
				require.True(t, Follows(before, next), "%q %q", before, next)
				require.False(t, Follows(next, before), "%q %q", next, before)
			}
			require.False(t, Follows(filepath.Join(dir, "other", before), next), "of another folder")
		}
	}
}

func TestTheStartFailsForANamedFileAndForAPatternWithoutAReadableOne(t *testing.T) {
	files, err := (&Config{}).Check(func(string) error { t.Fatal("nothing is configured"); return nil })
	require.NoError(t, err)
	require.Empty(t, files)

	dir := folder(t, "a.etl", "b.etl", "c.txt")
	at := func(names ...string) Config {
		c := Config{}
		for _, name := range names {
			c.Path = append(c.Path, filepath.Join(dir, name))
		}
		return c
	}
	bad := func(names ...string) func(string) error {
		return func(path string) error {
			if slices.Contains(names, filepath.Base(path)) {
				return errors.New("not good: " + filepath.Base(path))
			}
			return nil
		}
	}
	c := at("a.etl")
	_, err = c.Check(bad("a.etl"))
	require.EqualError(t, err, "replay.path: not good: a.etl")
	c = at("c.txt", "gone.etl")
	_, err = c.Check(good)
	require.ErrorIs(t, err, ErrNoFile, "one of a list")
	c = at("c.txt", "gone*.etl")
	_, err = c.Check(good)
	require.ErrorIs(t, err, ErrNoFile, "a pattern of a list")
	c = at("*.etl", "b.etl")
	_, err = c.Check(bad("b.etl"))
	require.EqualError(t, err, "replay.path: not good: b.etl", "it is named beside the pattern")

	c = at("*.etl")
	files, err = c.Check(bad("a.etl"))
	require.NoError(t, err)
	require.Len(t, files, 2, "what cannot be read of a pattern is told at the end")
	_, err = c.Check(bad("a.etl", "b.etl"))
	require.ErrorContains(t, err, "replay.path: none of 2 files can be read: not good: a.etl")
}

func TestAFileNamesItsHostWhateverItIsCalled(t *testing.T) {
	for path, want := range map[string]string{
		"traces/dc1.etl":         "dc1",
		"traces/dc1.corp.etl":    "dc1.corp",
		"traces/.etl":            ".etl",
		"traces/dc\xff\xfe1.etl": "dc\uFFFD1",
	} {
		require.Equal(t, want, Name(path), "%q", path)
	}
}

func FuzzNamesAreInOneOrder(f *testing.F) {
	f.Add("dns_1.etl", "dns_10.etl", "dns_2.etl")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		all := []string{a, b, c}
		slices.SortFunc(all, CompareNames)
		if CompareNames(all[0], all[2]) > 0 {
			t.Fatalf("%q comes after %q", all[0], all[2])
		}
		if follows(a, b) && !strings.ContainsAny(a, "0123456789") {
			t.Fatalf("%q follows %q", b, a)
		}
	})
}
