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
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/eventid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

const (
	lookInterval = time.Second      // between checks of the pins
	quietTime    = 10 * time.Second // without events, after which a replaced events map is left
	fullShare    = 0.8              // of the events map: if more than that is waiting, the receiver warns
	fullInterval = time.Minute      // between two such warnings
)

// liveSource delivers the records of the pinned events map, also when another map is pinned, and keeps the settings in
// the observability configuration map up to date.
type liveSource struct {
	r        *ciliumReceiver
	host     component.Host
	registry hnsstate.Reader
	config   *obsconfig.Writer
	follower *events.Follower
	use      atomic.Uint64 // largest fill between the last two checks, in millionths, plus 1; 0 is unknown

	// Used by the follower's calls only, which do not run concurrently.
	said    string    // the registry's state that was logged last
	refused string    // why the settings could not be written, as logged last
	full    time.Time // when the map was last logged as nearly full
	doubted bool      // logged that a replacement of the map cannot be detected
	known   known     // for status records
	status  *status.Reporter
}

// openLive waits for the map. The returned function ends the reading and releases the configuration map.
func (r *ciliumReceiver) openLive(h component.Host) (func(context.Context) error, error) {
	l := &liveSource{
		r: r, host: h, registry: hnsstate.Registry, status: r.Status,
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
		Required: l.r.cfg.WhenMissing == runner.Fail,
	})
	if err != nil {
		return errors.Join(err, l.config.Close())
	}
	return nil
}

// ready returns an error while Windows does not say that Cilium is on, if check_cilium_on_windows is set.
func (l *liveSource) ready() error {
	state := hnsstate.Read(l.registry)
	if state.Text != "" && state.Text != l.said {
		l.said = state.Text
		l.r.log.Info("state of Cilium in the Windows registry", zap.String("registry", state.Text), zap.Bool("on", state.On))
	}
	if state.On || !l.r.cfg.CheckCiliumOnWindows {
		return nil
	}
	return fmt.Errorf("Windows does not say that Cilium is on: %s; waiting until it is 1. To read the events map all the same, set check_cilium_on_windows to false", state.Text)
}

// attachedTo is called for each map before its first record is delivered.
func (l *liveSource) attachedTo(info events.MapInfo) error {
	l.noteMap(info)
	l.r.log.Info("reading the events map", zap.String("path", info.Path), zap.String("type", info.Type), zap.Uint32("bytes", info.Size))
	return l.configure(true)
}

// look is called at each check of the map that is being read.
func (l *liveSource) look(info events.MapInfo, peak int) error {
	l.watch(info, peak)
	return l.configure(false)
}

// configure writes the settings into the observability configuration map, as config_map.apply says.
func (l *liveSource) configure(again bool) error {
	l.noteChanges()
	written, err := l.config.Apply(again)
	l.noteConfiguration(err)
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

// watch warns of a map that is nearly full: a full ring buffer loses events without reporting it.
func (l *liveSource) watch(info events.MapInfo, peak int) {
	if peak < 0 || info.Size == 0 {
		l.use.Store(0)
		return
	}
	use := float64(peak) / float64(info.Size)
	l.use.Store(1 + uint64(use*1e6))
	l.noteFill(info.Path, use)
	if use > fullShare && time.Since(l.full) >= fullInterval {
		l.full = time.Now()
		l.r.log.Warn("the events map is nearly full; the datapath drops events once it is full", zap.String("path", info.Path),
			zap.Int("bytes_waiting", peak), zap.Uint32("bytes", info.Size))
	}
}

// report logs the state of the reading and reports it as the component's status.
func (l *liveSource) report(err error) {
	l.noteReading(err)
	if err == nil {
		l.r.log.Info("the events map is read and its settings are applied", eventid.SourceBack.Field())
		componentstatus.ReportStatus(l.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	l.r.log.Warn("the events map is not read or its settings are not applied; checking again", zap.Error(err), eventid.SourceGone.Field())
	componentstatus.ReportStatus(l.host, componentstatus.NewRecoverableErrorEvent(err))
}

// left logs that the receiver stopped reading a replaced map although programs may still write to it.
func (l *liveSource) left(info events.MapInfo, waiting int) {
	l.status.Note(typeMapLeft, info.Path, "a replaced events map was left while programs may still write to it: events that they write are lost and not counted")
	l.r.log.Warn("stopped reading a replaced events map while programs may still write to it; events that they write are lost and not counted",
		zap.String("path", info.Path), zap.Uint32("id", info.ID), zap.Int("bytes_not_read", waiting), zap.Int("maps_read_at_most", events.MaxMaps))
}

// unsure logs, once, that the map was left while it was being written, because another map may be pinned by now.
func (l *liveSource) unsure(info events.MapInfo) {
	if l.doubted {
		return
	}
	l.doubted = true
	l.status.Note(typeMapUnidentified, info.Path, "cannot tell whether the events map was replaced: the kernel reports no id for it")
	l.r.log.Warn("cannot tell whether the events map was replaced: the kernel reports no id for it; the pinned map is attached again. If it is another map, events that programs still write "+
		"to the one before are lost. Further times are counted and not logged",
		zap.String("path", info.Path), zap.String("type", info.Type), zap.Duration("looked_at_again_every", events.MaxUnsure))
}

// utilization returns the largest fill of the map between the last two checks, 0 to 1.
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
