// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// lines is a format of a line an event, with a last line.
type lines struct {
	file *os.File
	size int64
}

var errFull = errors.New("the disk is full")

func (l *lines) Write(raw []byte) error {
	if string(raw) == "too much" {
		return errFull
	}
	n, err := l.file.Write(append(raw, '\n'))
	l.size += int64(n)
	return err
}

func (l *lines) Size() int64 { return l.size }

func (l *lines) Close() error {
	_, err := l.file.WriteString("end\n")
	return err
}

func open(t *testing.T, cfg Config) (*File, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	f, err := Open(cfg, func(file *os.File) (Writer, error) { return &lines{file: file}, nil }, zap.New(core))
	require.NoError(t, err)
	return f, logs
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestAFullFileIsKeptUntilTheNextOneIsFull(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Path: filepath.Join(dir, "dns.etl"), MaxSizeMiB: 1}
	f, _ := open(t, cfg)
	for _, c := range "abc" {
		f.Write(bytes.Repeat([]byte{byte(c)}, 1<<20))
	}
	f.Write([]byte("the rest"))
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	f.Write([]byte("too late"))

	names, err := filepath.Glob(filepath.Join(dir, "*.etl"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "dns.1.etl"), filepath.Join(dir, "dns.etl")}, names)
	require.Equal(t, "the rest\nend\n", read(t, names[1]))
	require.Equal(t, string(bytes.Repeat([]byte("c"), 1<<20))+"\nend\n", read(t, names[0]))

	f, _ = open(t, cfg) // what is there is kept
	require.NoError(t, f.Close())
	require.Equal(t, "the rest\nend\n", read(t, names[0]))
}

func TestAnErrorEndsTheRecordingAndIsLoggedOnce(t *testing.T) {
	cfg := Config{Path: filepath.Join(t.TempDir(), "dns.etl"), MaxSizeMiB: 1}
	f, logs := open(t, cfg)
	for _, text := range []string{"one", "too much", "too much", "two"} {
		f.Write([]byte(text))
	}
	require.NoError(t, f.Close())
	require.Equal(t, "one\nend\n", read(t, cfg.Path))
	require.Equal(t, 1, logs.FilterMessage("recording raw events has ended").Len())
}

func TestAFileThatCannotBeMadeFailsTheStart(t *testing.T) {
	_, err := Open(Config{Path: filepath.Join(t.TempDir(), "no", "such", "dir.etl"), MaxSizeMiB: 1}, nil, zap.NewNop())
	require.ErrorContains(t, err, "record.path")
	cfg := Config{Path: filepath.Join(t.TempDir(), "dns.etl"), MaxSizeMiB: 1}
	_, err = Open(cfg, func(*os.File) (Writer, error) { return nil, errFull }, zap.NewNop())
	require.ErrorIs(t, err, errFull)
}

func TestValidate(t *testing.T) {
	cfg := DefaultConfig()
	require.NoError(t, cfg.Validate())
	require.False(t, cfg.Enabled())
	for _, n := range []int{0, -1, maxSizeMiB + 1} {
		cfg.MaxSizeMiB = n
		require.ErrorContains(t, cfg.Validate(), "max_size_mib: ")
	}
}
