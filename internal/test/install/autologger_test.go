// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/installation"
)

// TestAnAutoLoggerEnablesWhatTheConfigurationAsksFor: the sessions have the names, providers and levels of the receivers, and their keywords security.
func TestAnAutoLoggerEnablesWhatTheConfigurationAsksFor(t *testing.T) {
	all := installation.AutoLoggers()
	require.Len(t, all, 2)
	for i, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		keywords, err := p.Keyword("security")
		require.NoError(t, err)
		require.Equal(t, p.Session, all[i].Session)
		require.Equal(t, p.GUID.String(), all[i].Provider)
		require.EqualValues(t, p.Level, all[i].Level)
		require.Equal(t, keywords, all[i].Keywords, "0x%X", keywords)
	}
	require.NotEqual(t, all[0].GUID, all[1].GUID)

	// Also what the receiver's session asks a provider for: the users of the events.
	code, err := os.ReadFile(root + "/internal/etw/session/start.go")
	require.NoError(t, err)
	property := regexp.MustCompile(`(?m)^const enablePropertySID = (\d+)$`).FindSubmatch(code)
	require.NotNil(t, property)
	require.Equal(t, fmt.Sprint(installation.EnableProperty), string(property[1]))
}
