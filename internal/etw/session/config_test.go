// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfigValidate(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string // "" is valid
	}{
		"as it is":                    {func(*Config) {}, ""},
		"Windows' own buffers":        {func(c *Config) { c.BufferSizeKB, c.MinimumBuffers, c.MaximumBuffers, c.FlushInterval = 0, 0, 0, 0 }, ""},
		"smallest buffer":             {func(c *Config) { c.BufferSizeKB = 4 }, ""},
		"largest buffer":              {func(c *Config) { c.BufferSizeKB = 16384 }, ""},
		"longest name":                {func(c *Config) { c.Name = strings.Repeat("ä", MaxNameLength) }, ""},
		"empty name":                  {func(c *Config) { c.Name = "" }, "empty"},
		"long name":                   {func(c *Config) { c.Name = strings.Repeat("x", MaxNameLength+1) }, "UTF-16"},
		"long name of surrogates":     {func(c *Config) { c.Name = strings.Repeat("😀", MaxNameLength/2+1) }, "UTF-16"},
		"backslash":                   {func(c *Config) { c.Name = `a\b` }, "backslash"},
		"NUL":                         {func(c *Config) { c.Name = "a\x00b" }, "NUL"},
		"a blank in the middle":       {func(c *Config) { c.Name = "DNS trace" }, ""},
		"a blank":                     {func(c *Config) { c.Name = " " }, "want no blanks at its ends"},
		"blanks":                      {func(c *Config) { c.Name = "   " }, "want no blanks at its ends"},
		"a blank at the front":        {func(c *Config) { c.Name = " x" }, `" x" is not allowed; want no blanks at its ends`},
		"a blank at the end":          {func(c *Config) { c.Name = "x " }, "want no blanks at its ends"},
		"a no-break space":            {func(c *Config) { c.Name = "a\u00a0b" }, "U+00A0, which does not print"},
		"a line break":                {func(c *Config) { c.Name = "a\nb" }, `"a\nb" is not allowed: it holds U+000A, which does not print`},
		"a line break at the end":     {func(c *Config) { c.Name = "a\n" }, "U+000A"},
		"a tab":                       {func(c *Config) { c.Name = "\t" }, "U+0009"},
		"a space of no width":         {func(c *Config) { c.Name = "a\u200bb" }, "U+200B"},
		"no UTF-8":                    {func(c *Config) { c.Name = "a\xff" }, "not UTF-8"},
		"two providers":               {func(c *Config) { c.Providers = append(c.Providers, Provider{GUID: otherProvider}) }, ""},
		"no provider":                 {func(c *Config) { c.Providers = nil }, "no provider"},
		"no provider GUID":            {func(c *Config) { c.Providers = []Provider{{}} }, "no provider GUID"},
		"a provider twice":            {func(c *Config) { c.Providers = append(c.Providers, c.Providers[0]) }, "Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7} twice"},
		"small buffer":                {func(c *Config) { c.BufferSizeKB = 3 }, "want 4 to 16384"},
		"large buffer":                {func(c *Config) { c.BufferSizeKB = 16385 }, "want 4 to 16384"},
		"maximum below minimum":       {func(c *Config) { c.MaximumBuffers = 63 }, "at most 63 buffers, at least 64"},
		"flush interval of 1.5 s":     {func(c *Config) { c.FlushInterval = 1500 * time.Millisecond }, "whole seconds"},
		"negative flush interval":     {func(c *Config) { c.FlushInterval = -time.Second }, "whole seconds"},
		"flush interval beyond ULONG": {func(c *Config) { c.FlushInterval = (1 << 32) * time.Second }, "whole seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			c := testConfig()
			test.change(&c)
			err := c.Validate()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestOpenRefusesABadConfigBeforeAnyCall(t *testing.T) {
	f := newFakeAPI()
	_, err := open(f, Config{}, ignore, nil)
	require.Error(t, err)
	assert.Empty(t, f.record())
}
