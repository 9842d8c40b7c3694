// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows/registry"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

func TestTheDataFolderIsClosedToUsers(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.MkdirAll(folder, 0o777))
	config := filepath.Join(folder, "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("receivers:\n"), 0o600))
	require.NoError(t, system{}.secure(folder, config, filepath.Join(folder, "not there")))
	readers, err := private.Readers(folder)
	require.NoError(t, err)
	require.Empty(t, readers)
	require.ErrorContains(t, system{}.secure(config), "config.yaml")
}

func TestAutoLoggerKeysAreWrittenAndRemoved(t *testing.T) {
	h := system{}
	t.Cleanup(func() { require.NoError(t, h.writeAutoLoggers(nil)) })
	require.NoError(t, h.writeAutoLoggers(sources[:]))
	for _, p := range AutoLoggers() {
		session, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session, registry.QUERY_VALUE)
		require.NoError(t, err)
		defer session.Close()
		for _, v := range sessionValues {
			got, kind, err := session.GetIntegerValue(v.name)
			require.NoError(t, err)
			require.Equal(t, uint32(registry.DWORD), kind, v.name)
			require.EqualValues(t, v.value, got, v.name)
		}
		provider, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session+`\`+p.Provider, registry.QUERY_VALUE)
		require.NoError(t, err)
		defer provider.Close()
		got, kind, err := provider.GetIntegerValue("MatchAnyKeyword")
		require.NoError(t, err)
		require.Equal(t, []any{uint32(registry.QWORD), p.Keywords}, []any{kind, got})
	}
	on, err := h.savedAutoLoggers()
	require.NoError(t, err)
	require.Len(t, on, 2)
	require.NoError(t, h.writeAutoLoggers([]source{sources[1]}))
	on, err = h.savedAutoLoggers()
	require.NoError(t, err)
	require.Len(t, on, 1)
	require.Equal(t, "dns-client", on[0].name)
}
