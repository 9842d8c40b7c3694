// SPDX-License-Identifier: Apache-2.0

package confval

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestMaskIsReadInEveryFormWithAllItsBits(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  uint64
	}{
		{63, 0x3F}, {int64(63), 0x3F}, {uint64(0x8000000000000FFF), 0x8000000000000FFF}, {"0x8000000000000FFF", 0x8000000000000FFF},
		{"0X3f", 0x3F}, {" 63 ", 0x3F}, {"0xFFFFFFFFFFFFFFFF", math.MaxUint64}, {"18446744073709551615", math.MaxUint64}, {0, 0},
	} {
		got, err := Mask(tc.value)
		require.NoError(t, err, "%v", tc.value)
		require.Equal(t, tc.want, got, "%v", tc.value)
	}
	for _, text := range []string{`"0x8000000000000FFF"`, `'0x8000000000000fff'`} { // as an environment variable has it
		mask, err := Mask(text)
		require.NoError(t, err)
		require.Equal(t, uint64(0x8000000000000FFF), mask)
	}
	for _, value := range []any{-1, int64(-1), 9.223372036854779903e18, 1.0, "", "x", "0x", "-1", "1.5", "0x1FFFFFFFFFFFFFFFF", "0x_3F", `""`, true, nil, []any{1}} {
		_, err := Mask(value)
		require.ErrorContains(t, err, "hexadecimal", "%v", value)
	}
	_, err := Mask(9.223372036854779903e18)
	require.ErrorContains(t, err, "floating-point")
}

type section struct {
	Wait time.Duration `mapstructure:"wait"`
}

type Squashed struct {
	Max time.Duration `mapstructure:"max"`
}

type config struct {
	Name     string        `mapstructure:"name"`
	Pause    time.Duration `mapstructure:"pause"`
	Section  section       `mapstructure:"section"`
	Squashed `mapstructure:",squash"`
}

func TestABareNumberWhereADurationStandsIsSeconds(t *testing.T) {
	c := config{Name: "default", Pause: time.Hour}
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{
		"pause": 5, "section": map[string]any{"wait": 0.25}, "max": "3m",
	}), &c))
	require.Equal(t, config{Name: "default", Pause: 5 * time.Second, Section: section{250 * time.Millisecond}, Squashed: Squashed{3 * time.Minute}}, c)

	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"section": map[string]any{"wait": 1e300}}), &c), "section.wait")
	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"pase": 1}), &c), "pase")
}
