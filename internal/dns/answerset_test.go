// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomAnswers returns a list of answers of which many are in other lists, too.
func randomAnswers(random *rand.Rand) (list Answers) {
	var text strings.Builder
	for range random.IntN(5) {
		switch n := random.IntN(6); n {
		case 0:
			fmt.Fprintf(&text, "type:  5 www%d.example.net;", random.IntN(2))
		case 1:
			fmt.Fprintf(&text, "type: 16 %s;", strings.Repeat("x", 1000*random.IntN(6)))
		default:
			fmt.Fprintf(&text, "192.0.2.%d;", n)
		}
	}
	list.Listed([]byte(text.String()))
	return list
}

func TestASetHasTheAnswersThatAddingDoesNotChange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	had, lacked := 0, 0
	for range 2000 {
		var set AnswerSet
		for range 30 {
			list := randomAnswers(random)
			if random.IntN(10) == 0 {
				list.Count++ // the source has an answer that the list does not hold
			}
			has := set.Has(&list)
			more, whole := append(AnswerSet{}, set...).Add(&list)
			require.Equal(t, whole && len(more) == len(set), has)
			require.Equal(t, string(set), string(more[:len(set)]))
			require.LessOrEqual(t, len(more), MaxAnswerSet)
			var read Answers
			read.Set(more)
			again, _ := AnswerSet(nil).Add(&read)
			require.Equal(t, string(more), string(again))
			if has {
				had++
			} else {
				lacked++
			}
			set = more
		}
	}
	require.Greater(t, min(had, lacked), 1000)
}
