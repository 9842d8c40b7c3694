// SPDX-License-Identifier: Apache-2.0

package input

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

const testdata = "../../../../testdata/"

// write writes a file, and returns its path.
func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func content(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(testdata + name)
	require.NoError(t, err)
	return raw
}

// etlFile writes a file without events whose session began at a time.
func etlFile(t *testing.T, dir, name string, began time.Time) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{LoggerName: path, BufferSize: 64 << 10, StartTime: began})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

func paths(found Found) (all []string) {
	for _, f := range found.Files {
		all = append(all, f.Path)
	}
	return all
}

func TestAFileIsWhatItsContentSays(t *testing.T) {
	dir := t.TempDir()
	dns := write(t, dir, "pods.pcapng", content(t, "dnsserver.etl"))
	pods := write(t, dir, "no-extension", content(t, "cilium_events.pcapng"))
	found := Find([]string{pods, dns})
	require.Empty(t, found.Unread)
	require.Equal(t, []string{pods, dns}, paths(found))
	require.Equal(t, []Kind{Cilium, DNS}, []Kind{found.Files[0].Kind, found.Files[1].Kind})
	require.Equal(t, 2026, found.Files[0].Begin.Year())
}

func TestWhatCannotBeReadIsNamedWithTheReason(t *testing.T) {
	dir := t.TempDir()
	for path, reason := range map[string]string{
		filepath.Join(dir, "missing.etl"):                                                           "no such file",
		write(t, dir, "empty.etl", nil):                                                             "empty",
		write(t, dir, "cut.etl", content(t, "dnsserver.etl")[:100]):                                 "ends within its header",
		write(t, dir, "text.etl", []byte("this is a text and no recording, whatever it is called")): "neither an event trace log",
		write(t, dir, "old.pcap", append([]byte{0xd4, 0xc3, 0xb2, 0xa1}, make([]byte, 40)...)):      "pcap",
		write(t, dir, "dns.etl.gz", []byte("\x1f\x8b\x08 and more")):                                "it is compressed (gzip)",
		write(t, dir, "dns.zip", []byte("PK\x03\x04 and more")):                                     "it is compressed (zip)",
		filepath.Join(dir, "*.none"):                                                                "no file matches",
		filepath.Join(dir, "[.etl"):                                                                 "",
		write(t, dir, "folder/none.txt", nil) + "/x":                                                "",
	} {
		found := Find([]string{path})
		require.Empty(t, found.Files, path)
		require.Len(t, found.Unread, 1, path)
		require.Equal(t, path, found.Unread[0].Path)
		require.Contains(t, found.Unread[0].Reason, reason)
		require.NotContains(t, found.Unread[0].Reason, dir)
	}
}

func TestAFolderGivesItsRecordingsAndNamesThoseThatAreDamaged(t *testing.T) {
	dir := t.TempDir()
	want := write(t, dir, "a/b/c/server.etl", content(t, "dnsserver.etl"))
	write(t, dir, "a/readme.txt", []byte("words"))
	write(t, dir, "a/empty", nil)
	write(t, dir, "a/reports.zip", []byte("PK\x03\x04"))
	damaged := write(t, dir, "a/damaged.etl", []byte("words"))
	packed := write(t, dir, "a/dns.ETL.gz", []byte("\x1f\x8b"))
	found := Find([]string{dir})
	require.Equal(t, []string{want}, paths(found))
	require.Equal(t, 3, found.Skipped)
	require.Len(t, found.Unread, 2)
	require.Equal(t, []string{damaged, packed}, []string{found.Unread[0].Path, found.Unread[1].Path})

	empty := t.TempDir()
	require.Equal(t, []Unread{{empty, "the folder has no file"}}, Find([]string{empty}).Unread)
}

func TestAFileIsReadOnceHoweverItIsNamed(t *testing.T) {
	dir := t.TempDir()
	first := write(t, dir, "a.etl", content(t, "dnsserver.etl"))
	link, hard := filepath.Join(dir, "b.etl"), filepath.Join(dir, "c.etl")
	require.NoError(t, os.Symlink(first, link))
	require.NoError(t, os.Link(first, hard))
	twin := write(t, dir, "copy.etl", content(t, "dnsserver.etl"))
	changed := content(t, "dnsserver.etl")
	changed[len(changed)-1]++
	other := write(t, dir, "other.etl", changed)
	found := Find([]string{first, first, filepath.Join(dir, ".", "a.etl"), link, dir})
	require.Equal(t, []string{first, other}, paths(found))
	require.Equal(t, []string{link, hard, twin}, found.Files[0].Also)
	require.Empty(t, found.Files[1].Also, "one byte differs")
}

func TestACopyOfARecordingThatWasNotWholeYetIsNotReadBesideIt(t *testing.T) {
	for _, name := range []string{"cilium_events.pcapng", "dnsserver.etl"} {
		dir, whole := t.TempDir(), content(t, name)
		half := write(t, dir, "half", whole[:len(whole)/2])
		little := write(t, dir, "little", whole[:headSize-1])
		all := write(t, dir, "whole", whole)
		changed := slices.Clone(whole[:len(whole)/2])
		changed[len(changed)-1]++
		other := write(t, dir, "zz-other", changed)
		for _, order := range [][]string{{half, all, little, other}, {little, half, all, other}, {all, half, little, other}} {
			found := Find(order)
			require.ElementsMatch(t, []string{all, other}, paths(found), "%s: %v", name, found.Unread)
			i := slices.IndexFunc(found.Files, func(f File) bool { return f.Path == all })
			require.ElementsMatch(t, []string{half, little}, found.Files[i].Also)
		}
	}
}

func TestFilesOfOneHostFollowEachOtherInTheOrderOfTime(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	var want []string
	for _, host := range []string{"a", "b"} {
		for i, n := range []int{9, 10, 2} { // the numbers began anew
			want = append(want, etlFile(t, filepath.Join(dir, host), fmt.Sprintf("dns_%d.etl", n), at.Add(time.Duration(i)*time.Hour)))
		}
	}
	for i := range 3 {
		want = append(want, etlFile(t, filepath.Join(dir, "c"), fmt.Sprintf("dns_%d.etl", 9+i), at))
	}
	require.Equal(t, want, paths(Find([]string{dir})))
}

func TestHundredsOfFilesAreFound(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for i := range 500 {
		etlFile(t, dir, fmt.Sprintf("dns_%d.etl", i), at.Add(time.Duration(i)*time.Minute))
	}
	found := Find([]string{filepath.Join(dir, "*.etl")})
	require.Len(t, found.Files, 500)
	require.Equal(t, filepath.Join(dir, "dns_499.etl"), found.Files[499].Path)
}

func TestANameWithTheCharactersOfAPatternIsAFile(t *testing.T) {
	path := write(t, t.TempDir(), "dns[1]*.etl", content(t, "dnsserver.etl"))
	require.Equal(t, []string{path}, paths(Find([]string{path})))
}
