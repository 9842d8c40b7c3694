// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

func TestAFollowerMayStartBeforeItsFilesAndItsFolderAreThere(t *testing.T) {
	dir := folder(t, "empty.etl", "bad.etl")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.etl"), []byte("text"), 0o600))
	check := func(path string) error {
		if raw, err := os.ReadFile(path); err != nil || len(raw) < 10 {
			return errors.Join(errors.New("it has no header"), err)
		}
		return nil
	}
	for _, name := range []string{"dns.etl", "none/dns.etl", "dns*.etl", "none/*.etl", "empty.etl"} {
		c := Config{Path: Paths{filepath.Join(dir, filepath.FromSlash(name))}, Repeat: 1, Follow: true}
		require.NoError(t, c.Validate(), name)
		files, err := c.Check(check)
		require.NoError(t, err, name)
		require.Equal(t, []string(c.Path), files)
		c.Follow = false
		_, err = c.Check(check)
		require.Error(t, err, "%s: a plain replay does not wait", name)
	}
	c := Config{Path: Paths{filepath.Join(dir, "bad.etl")}, Follow: true}
	_, err := c.Check(check)
	require.ErrorContains(t, err, "it has no header", "waiting does not help")
	c = Config{Path: Paths{"a["}, Repeat: 1, Follow: true}
	require.ErrorContains(t, c.Validate(), "path: ")
}

func TestALookGoesOnCountingWhereTheLastOneEnded(t *testing.T) {
	c, err := openFile(filepath.Join(folder(t, "dns.etl"), "dns.etl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, c.file.Close()) }()
	var asked []span.Count
	surveyed := errors.New("it cannot be read")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop(), Problems: new(counter.Counts), Survey: func(_ io.ReaderAt, _ int64, q span.Query) (span.Extent, error) {
		asked = append(asked, q.Counted)
		if len(asked) == 2 {
			return span.Extent{}, surveyed
		}
		return span.Extent{ID: span.ID{1}, Missing: 9, Counted: span.Count{Units: q.Counted.Units + 1, Before: q.Counted.Before + 100}}, nil
	}}}}
	file := &followed{content: c, listed: true, begun: true}
	look := func() { _, _ = f.pollOpen(context.Background(), file) }
	look()
	look()
	look()
	look()
	f.startAgain(file, checkpoint.Truncated, surveyed)
	look()
	require.Equal(t, []span.Count{{}, {Units: 1, Before: 100}, {Units: 1, Before: 100}, {Units: 2, Before: 200}, {}}, asked)
}
