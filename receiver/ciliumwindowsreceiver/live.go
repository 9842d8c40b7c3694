// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/hnsstate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

const (
	lookInterval = time.Second      // between looks at the pins
	quietTime    = 10 * time.Second // of an events map that has lost its place, before it is left
	fullShare    = 0.8              // of the events map: more than that waiting is worth a warning
	fullInterval = time.Minute      // between two of those warnings
)

// liveSource delivers the records of whatever events map is pinned, and keeps the settings in the observability
// configuration map beside it.
type liveSource struct {
	r        *ciliumReceiver
	host     component.Host
	registry hnsstate.Reader
	config   *obsconfig.Writer
	follower *events.Follower
	use      atomic.Uint64 // how full the map was at most between the last two looks, in millionths, +1; 0 is unknown

	// Of the follower's calls, which come one after another.
	said    string    // what the registry was last said to say
	refused string    // why the settings could not be written, when that was last said
	full    time.Time // when it was last said that the map is nearly full
	doubted bool      // it was said that nothing shows whether the map was replaced
}

// openLive waits for the map; what is returned ends the reading and leaves the configuration map.
func (r *ciliumReceiver) openLive(h component.Host) (func(context.Context) error, error) {
	l := &liveSource{
		r: r, host: h, registry: hnsstate.Registry,
		config: obsconfig.NewWriter(r.cfg.ObservabilityConfigMap, r.cfg.ConfigMap, r.settings.Settings),
	}
	if err := l.start(lookInterval); err != nil {
		return nil, err
	}
	r.live = l
	return l.close, nil
}

func (l *liveSource) start(interval time.Duration) (err error) {
	l.follower, err = events.Follow(events.FollowSettings{
		Path: l.r.cfg.EventsMap, Deliver: l.r.Pipeline.Offer, Interval: interval, Quiet: quietTime,
		Ready: l.ready, Attached: l.attachedTo, Look: l.look, Report: l.report, Left: l.left, Unsure: l.unsure,
	})
	if err != nil {
		return errors.Join(err, l.config.Close())
	}
	return nil
}

// ready reports whether Windows says that Cilium is on, as far as that matters.
func (l *liveSource) ready() error {
	state := hnsstate.Read(l.registry)
	if state.Text != "" && state.Text != l.said {
		l.said = state.Text
		l.r.log.Info("what Windows says of Cilium", zap.String("registry", state.Text), zap.Bool("on", state.On))
	}
	if state.On || !l.r.cfg.CheckCiliumOnWindows {
		return nil
	}
	return fmt.Errorf("Windows does not say that Cilium is on: %s; waiting until it is 1. To read the events map all the same, set check_cilium_on_windows to false", state.Text)
}

// attachedTo is told of each map before its first record comes.
func (l *liveSource) attachedTo(info events.MapInfo) error {
	l.r.log.Info("reading the events map", zap.String("path", info.Path), zap.String("type", info.Type), zap.Uint32("bytes", info.Size))
	return l.configure(true)
}

// look is told of the map that is read, again and again.
func (l *liveSource) look(info events.MapInfo, peak int) error {
	l.watch(info, peak)
	return l.configure(false)
}

// configure writes the settings into the observability configuration map, as far as config_map.apply wants it.
func (l *liveSource) configure(again bool) error {
	written, err := l.config.Keep(again)
	if written != "" {
		l.r.log.Info("the observability configuration map is set", zap.String("path", l.r.cfg.ObservabilityConfigMap), zap.String("values", written))
	}
	switch {
	case err == nil:
		l.refused = ""
	case l.r.cfg.ConfigMap.Apply == obsconfig.ModeRequired:
		return err
	case err.Error() != l.refused:
		l.refused = err.Error()
		l.r.log.Warn("the observability configuration map could not be set; the receiver enforces enabled_events and "+
			"monitor_aggregation_level itself on what the datapath emits", zap.Error(err))
	}
	return nil
}

// watch warns of a map that is about to be full: from then on a ring buffer loses events and does not say so.
func (l *liveSource) watch(info events.MapInfo, peak int) {
	if peak < 0 || info.Size == 0 {
		l.use.Store(0)
		return
	}
	use := float64(peak) / float64(info.Size)
	l.use.Store(1 + uint64(use*1e6))
	if use > fullShare && time.Since(l.full) >= fullInterval {
		l.full = time.Now()
		l.r.log.Warn("the events map is nearly full; the datapath drops events that find no room", zap.String("path", info.Path),
			zap.Int("bytes_waiting", peak), zap.Uint32("bytes", info.Size))
	}
}

// report says how reading stands.
func (l *liveSource) report(err error) {
	if err == nil {
		l.r.log.Info("the events map and its settings are as they should be")
		componentstatus.ReportStatus(l.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	l.r.log.Warn("the events map or its settings are not as they should be; looking again", zap.Error(err))
	componentstatus.ReportStatus(l.host, componentstatus.NewRecoverableErrorEvent(err))
}

// left says that a map was left though programs may still write into it.
func (l *liveSource) left(info events.MapInfo, waiting int) {
	l.r.log.Warn("an events map that had lost its place was left while programs may still write into it; what they write is lost and nobody counts it",
		zap.String("path", info.Path), zap.Uint32("id", info.ID), zap.Int("bytes_not_read", waiting), zap.Int("maps_read_at_most", events.MaxMaps))
}

// unsure says that the present map was left while it was written, because it may be another one that is pinned. It says so once.
func (l *liveSource) unsure(info events.MapInfo) {
	if l.doubted {
		return
	}
	l.doubted = true
	l.r.log.Warn("cannot tell whether the events map was replaced: the kernel gives it no number; the pinned one is attached anew, and what programs still write "+
		"into the one before it, if that is another one, is lost. This is counted, and further times are only counted",
		zap.String("path", info.Path), zap.String("type", info.Type), zap.Duration("looked_at_again_every", events.MaxUnsure))
}

// utilization is how full the map was at most between the last two looks, 0 to 1.
func (l *liveSource) utilization() (share float64, ok bool) {
	use := l.use.Load()
	return float64(use-1) / 1e6, use > 0
}

func (l *liveSource) attached() int64 { return int64(l.follower.Stats().Attached) }

func (l *liveSource) abandoned() int64 { return int64(l.follower.Stats().Left) }

func (l *liveSource) unidentified() int64 { return int64(l.follower.Stats().Unsure) }

func (l *liveSource) close(ctx context.Context) error {
	return errors.Join(l.follower.Close(ctx), l.config.Close())
}
