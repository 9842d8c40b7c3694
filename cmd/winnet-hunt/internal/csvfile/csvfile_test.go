// SPDX-License-Identifier: Apache-2.0

package csvfile

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoCellIsAFormulaAndNoCharacterIsHidden(t *testing.T) {
	for text, want := range map[string]string{
		"www.contoso.com":              "www.contoso.com",
		"":                             "",
		"-5":                           "-5",
		"-5.25e-3":                     "-5.25e-3",
		"+1":                           "+1",
		"=1+1":                         "'=1+1",
		"=cmd|' /C calc'!A0":           "'=cmd|' /C calc'!A0",
		"+cmd":                         "'+cmd",
		"-2+3":                         "'-2+3",
		"-Inf":                         "'-Inf",
		"@SUM(A1)":                     "'@SUM(A1)",
		"  =1":                         "'  =1",
		"\u00a0=1":                     "'\u00a0=1",
		"＝1":                           "'＝1",
		"|calc":                        "'|calc",
		"\t=1":                         `\u0009=1`,
		"\r=1":                         `\u000d=1`,
		"a\nb":                         `a\u000ab`,
		"a\x00b":                       `a\u0000b`,
		"\u202egpj.exe":                `\u202egpj.exe`,
		"\ufeff=1":                     `\ufeff=1`,
		"a\xffb":                       `a\xffb`,
		`quotes " and , commas`:        `quotes " and , commas`,
		"<script>alert(1)</script>":    "<script>alert(1)</script>",
		strings.Repeat("long", 20_000): strings.Repeat("long", 20_000),
	} {
		var b strings.Builder
		w, err := New(&b, []string{"Name", "Other"})
		require.NoError(t, err)
		require.NoError(t, w.Write([]string{text, "x"}))
		require.NoError(t, w.Close())
		read, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		require.NoError(t, err)
		require.Equal(t, [][]string{{"Name", "Other"}, {want, "x"}}, read)
		require.Equal(t, 2, strings.Count(b.String(), "\r\n"))
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFullDiskIsAnError(t *testing.T) {
	w, err := New(fullDisk{}, []string{"Name"})
	require.NoError(t, err)
	require.NoError(t, w.Write([]string{"a"}))
	require.ErrorContains(t, w.Close(), "no space left")
}
