// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASIDThatIsNotWellKnownLosesItsAccount(t *testing.T) {
	for sid, want := range map[string]string{
		"S-1-5-18": "S-1-5-18", "S-1-1-0": "S-1-1-0", "S-1-3-0": "S-1-3-0", "S-1-5-32-544": "S-1-5-32-544", "S-1-16-12288": "S-1-16-12288", "S-1-15-2-1": "S-1-15-2-1",
		"S-1-5-21-1-2-3-1001":                    "S-1-5-21-<account>",
		"S-1-12-1-1111111111-2222222222-3333-44": "S-1-12-1-<account>", // Entra
		"s-1-12-1-1111111111-2222222222-3333-44": "S-1-12-1-<account>",
		"S-1-5-80-1-2-3-4-5":                     "S-1-5-80-<account>",
		"S-1-5-5-0-123456":                       "S-1-5-5-<account>", // a logon
		"S-1-15-2-1-2-3":                         "S-1-15-2-<account>",
		"S-1-11-96-3623454863-58364":             "S-1-11-96-<account>",
		"S-1-0x1234567890-7":                     "S-1-0X1234567890-<account>",
	} {
		require.Equal(t, "D:P(A;OICI;FA;;;"+want+")(A;;FA;;;SY)", Secrets{}.text("D:P(A;OICI;FA;;;"+sid+")(A;;FA;;;SY)"))
	}
}

func TestAProfileFolderAnywhereLosesItsUser(t *testing.T) {
	s := Secrets{"ada": "user", `E:\People\ada.corp`: "profile", "Administrator": "user"}
	for text, want := range map[string]string{
		`open C:\Users\Ada Lovelace\log.txt`:              `open C:\Users\<user>\log.txt`,
		`open D:\Profiles\lovelace.V6\log.txt`:            `open D:\Profiles\<user>\log.txt`,
		`open C:\Documents and Settings\lovelace\log.txt`: `open C:\Documents and Settings\<user>\log.txt`,
		`open C:/Users/lovelace/log.txt`:                  `open C:/Users/<user>/log.txt`,
		`open e:\people\ADA.corp\log.txt`:                 `open <profile>\log.txt`,
		"run winnet-verify as an administrator":           "run winnet-verify as an administrator",
	} {
		require.Equal(t, want, s.text(text))
	}
}

func TestEvidenceIsScrubbedAtEveryDepth(t *testing.T) {
	type part struct {
		Text string
		Any  any
		n    int
	}
	of := part{Text: "lovelace", n: 1}
	r := Result{Found: "lovelace", Evidence: map[string]any{
		"text": "lovelace", "list": []string{"lovelace"}, "map": map[string]any{"a": map[string]any{"lovelace": []any{"lovelace", 1, nil}}},
		"structs": []part{{"lovelace", map[string]int{"lovelace": 1}, 2}}, "pointer": &of, "array": [1]string{"lovelace"}, "nothing": nil, "none": []string(nil), "number": 7,
	}}
	r.scrub(Secrets{"lovelace": "user"})
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotContains(t, string(text), "lovelace")
	require.Equal(t, "lovelace", of.Text, "what the evidence points to is not changed")
	require.Equal(t, 7, r.Evidence["number"])
}
