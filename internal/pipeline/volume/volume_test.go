// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

func TestTheModeIsReadBeforeTheOtherKeys(t *testing.T) {
	for name, c := range map[string]struct {
		conf map[string]any
		want volume.Mode
	}{
		"not given":     {map[string]any{"correlate": true}, volume.Full},
		"full":          {map[string]any{"volume": "full"}, volume.Full},
		"balanced":      {map[string]any{"volume": "balanced", "other": map[string]any{"key": 1}}, volume.Balanced},
		"lean":          {map[string]any{"volume": "lean"}, volume.Lean},
		"without value": {map[string]any{"volume": nil}, volume.Full},
		"empty":         {map[string]any{"volume": ""}, volume.Full},
		"unknown":       {map[string]any{"volume": "leen"}, volume.Full},
		"not a text":    {map[string]any{"volume": []any{"lean"}}, volume.Full},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, volume.Of(confmap.NewFromStringMap(c.conf)))
		})
	}
}

func TestAnUnknownModeIsRefusedWithTheKnownOnes(t *testing.T) {
	for _, m := range []volume.Mode{volume.Full, volume.Balanced, volume.Lean} {
		require.NoError(t, m.Validate())
	}
	for _, m := range []volume.Mode{"", "Full", "leen"} {
		require.EqualError(t, m.Validate(), `"`+string(m)+`" is not a volume; want full, balanced or lean`)
	}
}
