// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"reflect"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// warnOfAggregation warns of keys of aggregation that have no effect, or another one than their names say.
func (r *dnsReceiver) warnOfAggregation() {
	a := &r.cfg.Aggregation
	on := a.Window > 0 || a.Noise.Window > 0
	preset := r.cfg.Volume == volume.Lean && reflect.DeepEqual(a.Whole, shape.LeanWhole())
	switch {
	case !on && a.Whole.Enabled() && !preset:
		r.log.Warn("aggregation.whole has no effect without aggregation.window or aggregation.noise.window: nothing is summed")
	case on && !r.cfg.Correlate && (a.Whole.Enabled() || a.Noise.Window > 0):
		r.log.Warn("aggregation without correlate sums queries and responses separately: responses of new names are summed, and sums have no gaps and only the first event's answers; set correlate: true")
	}
	lean := r.cfg.Volume == volume.Lean // it sets pack
	switch {
	case a.Pack == packNone:
	case !on && !lean:
		r.log.Warn("aggregation.pack has no effect without aggregation.window or aggregation.noise.window: nothing is summed")
	case on && !r.cfg.Correlate && !lean:
		r.log.Warn("aggregation.pack has no effect without correlate: each sum is a record of its own")
	case on && r.cfg.Correlate && !r.cfg.packs():
		r.log.Warn("aggregation.pack has no effect, because omit_attributes leaves out what a packed record is unpacked by: each sum is a record of its own",
			zap.Strings("attributes", dnslog.PackAttributes()))
	}
	switch w := &a.Whole; {
	case w.RecordsPerMinute == 0 || preset:
	case !w.BoundsRecords():
		r.log.Warn("aggregation.whole.records_per_minute has no effect without failures, types, name_length or label_entropy of the same section: nothing is whole because of these")
	case !r.cfg.packsBursts():
		r.log.Warn("aggregation.whole.records_per_minute has no effect without correlate, aggregation.window, aggregation.pack: new, and 16 MiB of aggregation.max_size_mib: nothing more is packed")
	}
	if a.Noise.Window > 0 && a.Window > a.Noise.Window {
		r.log.Warn("aggregation.window is longer than aggregation.noise.window: noise is summed for a shorter time than other exchanges",
			zap.Duration("window", a.Window), zap.Duration("noise_window", a.Noise.Window))
	}
}
