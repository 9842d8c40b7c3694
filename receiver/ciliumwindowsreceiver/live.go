// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

// liveSource delivers the records of the pinned events map.
type liveSource struct {
	r       *ciliumReceiver
	source  *events.Source
	config  *configMap
	stopped chan struct{}
	watched chan struct{}
}

func startLive(r *ciliumReceiver, s settings, h component.Host) (source, error) {
	opened, err := events.Open(r.cfg.EventsMap)
	if err != nil {
		return nil, err
	}
	config, err := applyConfig(r, s)
	if err != nil {
		return nil, errors.Join(err, opened.Close(context.Background()))
	}
	info := opened.Info()
	r.log.Info("reading the events map", zap.String("path", info.Path), zap.String("type", info.Type), zap.Uint32("bytes", info.Size))
	l := &liveSource{r: r, source: opened, config: config, stopped: make(chan struct{}), watched: make(chan struct{})}
	opened.Start(r.pipeline.Offer)
	go l.watch(h)
	return l, nil
}

// watch reports a source that ends though nobody here stopped it.
func (l *liveSource) watch(h component.Host) {
	defer close(l.watched)
	select {
	case <-l.stopped:
	case <-l.source.Done():
		if err := l.source.Err(); err != nil {
			l.r.ended(h, err)
		}
	}
}

func (l *liveSource) losses() map[string]int64 {
	return map[string]int64{"map": int64(l.source.Stats().Lost)}
}

func (l *liveSource) fill() (waiting, size int64, ok bool) {
	stats := l.source.Stats()
	return int64(stats.Waiting), int64(stats.Size), stats.Waiting >= 0
}

func (l *liveSource) stop(ctx context.Context) error {
	close(l.stopped)
	<-l.watched
	return errors.Join(l.source.Close(ctx), l.config.close())
}

// configMap is the observability configuration map while the settings stand in it; nil when they do not.
type configMap struct {
	pinned  *obsconfig.PinnedMap
	applied *obsconfig.Applied
	restore bool
}

// applyConfig writes the settings into the observability configuration map, as far as config_map.apply wants it.
func applyConfig(r *ciliumReceiver, s settings) (*configMap, error) {
	c := &r.cfg.ConfigMap
	if c.Apply == obsconfig.ModeOff {
		return nil, nil
	}
	config, err := func() (*configMap, error) {
		pinned, err := obsconfig.Open(r.cfg.ObservabilityConfigMap)
		if err != nil {
			return nil, err
		}
		applied, err := obsconfig.Apply(pinned, c.Layout, s.Settings)
		if err != nil {
			return nil, errors.Join(err, pinned.Close())
		}
		return &configMap{pinned: pinned, applied: applied, restore: c.RestoreOnShutdown}, nil
	}()
	switch {
	case err == nil:
		r.log.Info("the observability configuration map is set", zap.String("path", r.cfg.ObservabilityConfigMap), zap.Stringer("values", config.applied))
		return config, nil
	case c.Apply == obsconfig.ModeRequired:
		return nil, err
	}
	r.log.Warn("the observability configuration map could not be set; the receiver enforces enabled_events and "+
		"monitor_aggregation_level itself on what the datapath emits", zap.Error(err))
	return nil, nil
}

// close puts the previous values back where that is wanted.
func (c *configMap) close() error {
	if c == nil {
		return nil
	}
	var err error
	if c.restore {
		err = c.applied.Restore()
	}
	return errors.Join(err, c.pinned.Close())
}
