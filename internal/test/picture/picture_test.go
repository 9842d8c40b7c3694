// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const folder = "../../../docs/"

func TestThePictureIsThatOfItsText(t *testing.T) {
	text, err := os.Open(folder + "data-path.txt")
	require.NoError(t, err)
	defer text.Close()
	d, err := parse(text)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, d.write(&out))
	svg, err := os.ReadFile(folder + "data-path.svg")
	require.NoError(t, err)
	require.Equal(t, string(svg), out.String(), "run make picture and commit")
}

func TestAPictureIsXMLWhateverItsTexts(t *testing.T) {
	d, err := parse(strings.NewReader("title a & b\nbox a 1 1 <a> / \"b\"\nbox b 2 1-3 c & d\na -> b x < y\n"))
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, d.write(&out))
	for decoder := xml.NewDecoder(strings.NewReader(out.String())); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
	require.Contains(t, out.String(), "&lt;a&gt;")
}

func TestALineThatCannotBeDrawnIsNamed(t *testing.T) {
	const a, b = "title t\nbox a 1 1 A\n", "box b 2 1 B\n"
	for text, want := range map[string]string{
		"":                             "want a title and a box",
		"title t\n":                    "want a title and a box",
		a + "box b 1 3-2 B\n":          `line 3: "box b 1 3-2 B": want a column and rows`,
		a + "box b 0 1 B\n":            "line 3",
		a + "box a 2 1 B\n":            "a name that no other box has",
		a + b + "b -> a\n":             `line 4: "b -> a": want two boxes from above, the second further right`,
		a + "a -> c\n":                 "line 3",
		a + "circle c 1 1 C\n":         "line 3",
		a + "box b 2 99999999999 B \n": "line 3",
	} {
		_, err := parse(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}
