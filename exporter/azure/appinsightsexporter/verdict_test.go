// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAccountGivesTheOutcomeOfEveryItem(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		n        int
		accepted int
		again    []int
		refused  []int
		doubtful bool
		none     bool
	}{
		"all":                      {`{"itemsReceived":3,"itemsAccepted":3,"errors":[]}`, 3, 3, nil, nil, false, false},
		"no list":                  {`{"itemsReceived":3,"itemsAccepted":3}`, 3, 3, nil, nil, false, false},
		"null list":                {`{"itemsReceived":3,"itemsAccepted":3,"errors":null,"appId":"x"}`, 3, 3, nil, nil, false, false},
		"one refused":              {`{"itemsReceived":3,"itemsAccepted":2,"errors":[{"index":1,"statusCode":400,"message":"m"}]}`, 3, 2, nil, []int{1}, false, false},
		"all refused":              {`{"itemsReceived":2,"itemsAccepted":0,"errors":[{"index":1,"statusCode":400},{"index":0,"statusCode":400}]}`, 2, 0, nil, []int{0, 1}, false, true},
		"sampled out":              {`{"itemsReceived":2,"itemsAccepted":0,"errors":[{"index":1,"statusCode":206},{"index":0,"statusCode":206}]}`, 2, 0, nil, []int{0, 1}, false, false},
		"to be sent again":         {`{"itemsReceived":8,"itemsAccepted":0,"errors":[{"index":0,"statusCode":408},{"index":1,"statusCode":429},{"index":2,"statusCode":439},{"index":3,"statusCode":500},{"index":4,"statusCode":503},{"index":5,"statusCode":402},{"index":6,"statusCode":403},{"index":7,"statusCode":504}]}`, 8, 0, []int{0, 1, 2, 3, 4, 5, 6, 7}, nil, false, false},
		"mixed":                    {`{"itemsReceived":4,"itemsAccepted":2,"errors":[{"index":3,"statusCode":500},{"index":0,"statusCode":400}]}`, 4, 2, []int{3}, []int{0}, false, false},
		"twice, and again wins":    {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"index":1,"statusCode":400},{"index":1,"statusCode":500},{"index":1,"statusCode":400}]}`, 2, 1, []int{1}, nil, false, false},
		"out of range":             {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"index":2,"statusCode":400}]}`, 2, 0, []int{0, 1}, nil, true, false},
		"negative":                 {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"index":-1,"statusCode":400}]}`, 2, 0, []int{0, 1}, nil, true, false},
		"no index":                 {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"statusCode":400}]}`, 2, 0, []int{0, 1}, nil, true, false},
		"an index that is none":    {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"index":"0","statusCode":400},{"index":1e99},{"index":0.5},null,7,[]]}`, 2, 0, []int{0, 1}, nil, true, false},
		"fewer accepted than said": {`{"itemsReceived":5,"itemsAccepted":1,"errors":[{"index":4,"statusCode":400}]}`, 5, 0, []int{0, 1, 2, 3}, []int{4}, true, true},
		"fewer than were sent":     {`{"itemsReceived":1,"itemsAccepted":1,"errors":[]}`, 3, 0, []int{0, 1, 2}, nil, true, false},
		"nothing accepted":         {`{"itemsReceived":0,"itemsAccepted":0,"errors":[]}`, 1, 0, []int{0}, nil, true, false},
		"a negative number":        {`{"itemsReceived":-5,"itemsAccepted":-5,"errors":[]}`, 1, 0, []int{0}, nil, true, false},
		"an unknown status":        {`{"itemsReceived":2,"itemsAccepted":1,"errors":[{"index":0,"statusCode":0}]}`, 2, 1, nil, []int{0}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			v, ok := judge([]byte(c.body), c.n)
			require.True(t, ok)
			require.Equal(t, c.accepted, v.accepted)
			require.Equal(t, c.again, v.again)
			var refused []int
			for _, e := range v.refused {
				refused = append(refused, e.Index)
			}
			require.Equal(t, c.refused, refused)
			require.Equal(t, c.doubtful, v.doubtful)
			require.Equal(t, c.none, v.none())
			require.Equal(t, c.n, v.accepted+len(v.again)+len(v.refused), "each item once")
		})
	}
}

func TestAnAnswerWithoutAnAccountSaysNothing(t *testing.T) {
	for _, body := range []string{
		"", "{}", "[]", "null", "<html>log in</html>", `{"itemsReceived":1}`, `{"itemsAccepted":1}`, `{"itemsReceived":"1","itemsAccepted":1}`,
		`{"itemsReceived":1,"itemsAccepted":1,"errors":[{"index":0`, `{"itemsReceived":1,"itemsAccepted":1e30}`, `{"itemsReceived":1,"itemsAccepted":1,"errors":{}}`,
		strings.Repeat("[", 100_000),
	} {
		_, ok := judge([]byte(body), 1)
		require.False(t, ok, "%.100s", body)
	}
}

func TestTheMessageOfAnItemIsBounded(t *testing.T) {
	body := fmt.Sprintf(`{"itemsReceived":1,"itemsAccepted":0,"errors":[{"index":0,"statusCode":400,"message":%q}]}`, strings.Repeat("é", 100_000))
	v, ok := judge([]byte(body), 1)
	require.True(t, ok)
	require.Less(t, len(v.refused[0].Message), 600)
}

func FuzzEveryItemHasOneFate(f *testing.F) {
	f.Add([]byte(`{"itemsReceived":4,"itemsAccepted":2,"errors":[{"index":3,"statusCode":500},{"index":0,"statusCode":400,"message":"x"}]}`), 4)
	f.Add([]byte(`{"itemsReceived":4,"itemsAccepted":1,"errors":[{"index":9,"statusCode":429},{"index":1,"statusCode":206}]}`), 3)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		if n < 1 || n > maxItems {
			return
		}
		v, ok := judge(body, n)
		if !ok {
			return
		}
		fates := make([]int, n)
		for _, i := range v.again {
			fates[i]++
		}
		for _, e := range v.refused {
			fates[e.Index]++
		}
		alone := 0
		for _, fate := range fates {
			require.LessOrEqual(t, fate, 1)
			alone += 1 - fate
		}
		require.Equal(t, v.accepted, alone)
	})
}
