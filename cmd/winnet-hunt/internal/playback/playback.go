// SPDX-License-Identifier: Apache-2.0

// Package playback plays recordings through the receivers of the collector. In come files and a consumer of log records; out come the
// account of every event, what could not be read, and the progress meanwhile. The receivers are made by their factories, as a collector makes
// them, so a record here is a record of the collector.
package playback

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/input"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// Settings configures a playback.
type Settings struct {
	Files []input.File // of one kind
	// Volume is the receivers' key volume.
	Volume string
	// HostName and HostIP describe the host that was recorded; empty where it is not known.
	HostName, HostIP string
	// Next receives the records, one call at a time. An error ends the playback.
	Next consumer.ConsumeLogsFunc
	// Progress is called every second, and at the end. The call ends before Play returns.
	Progress func(Progress)
}

// Progress is how far a playback has come.
type Progress struct {
	Events int64   // that are in the account
	Share  float64 // of the files' bytes, 0 to 1; approximate within a file
	Files  int     // that have ended
	File   string  // of these the last
	Ended  bool    // all is read
}

// Result is what was read.
type Result struct {
	Account Account
	Notes   []Note
	Unread  []input.Unread
	// Stopped is why the playback ended before its end; nil if it did not.
	Stopped error
}

// stopTime is how long a receiver may take to stop.
const stopTime = 30 * time.Second

// Play plays files to their end, or until ctx ends or the next component fails. What was read until then is in the result.
func Play(ctx context.Context, s Settings) (res Result, err error) {
	factory, config := s.receiver()
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(config).Unmarshal(cfg); err != nil {
		return res, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, err := consumer.NewLogs(stopping(s.Next, cancel))
	if err != nil {
		return res, err
	}
	t := newTelemetry(factory.Type())
	made, err := factory.CreateLogs(ctx, receiver.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: t.settings()}, cfg, next)
	if err != nil {
		return res, err
	}
	h := newHost()
	if err := made.Start(ctx, h); err != nil {
		return res, errors.Join(err, made.Shutdown(context.WithoutCancel(ctx)))
	}
	res.Stopped = s.watch(ctx, h, t)
	lost, err := t.lost() // the instruments end with the receiver
	last := t.progress()
	last.Ended = true
	s.Progress(last)
	stopping, ended := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer ended()
	stop := made.Shutdown(stopping)
	account, accountErr := t.log.account()
	account.Lost, err = lost, errors.Join(err, accountErr)
	res.Account, res.Notes = account, t.log.notes
	var unread *replay.UnreadError
	switch {
	case errors.As(stop, &unread):
		for _, f := range unread.Files {
			res.Unread = append(res.Unread, input.Unread{Path: f.Path, Reason: input.Reason(f.Path, f.Err)})
		}
	case stop != nil && res.Stopped == nil:
		err = errors.Join(err, stop)
	}
	return res, err
}

// receiver returns the factory of the receiver that reads the files, and its configuration.
func (s *Settings) receiver() (receiver.Factory, map[string]any) {
	paths := make([]any, len(s.Files))
	for i, f := range s.Files {
		paths[i] = f.Path
	}
	config := map[string]any{"volume": s.Volume, "replay": map[string]any{"path": paths, "exit_when_done": true}}
	if s.Files[0].Kind == input.Cilium {
		if s.HostName != "" {
			config["node_name"] = s.HostName
		}
		return ciliumwindowsreceiver.NewFactory(), config
	}
	var providers []any
	for _, name := range []string{"Microsoft-Windows-DNSServer", "Microsoft-Windows-DNS-Client"} {
		providers = append(providers, map[string]any{"provider_guid": name, "enable_flags": allFlags, "enable_level": allLevels})
	}
	config["providers"] = providers
	config["device"] = map[string]any{"hostname": s.HostName, "ip": s.HostIP}
	return asimdnsreceiver.NewFactory(), config
}

// A recording has what its session was to have. All of it is read.
const (
	allFlags  = 0
	allLevels = 5
)

// stopping returns a consumer that ends the playback when the next component fails.
func stopping(next consumer.ConsumeLogsFunc, stop context.CancelCauseFunc) consumer.ConsumeLogsFunc {
	return func(ctx context.Context, logs plog.Logs) error {
		err := next(ctx, logs)
		if err == nil {
			return nil
		}
		stop(err)
		return consumererror.NewPermanent(err)
	}
}

// watch reports the progress until the receiver has played its files. It returns why it was stopped before.
func (s *Settings) watch(ctx context.Context, h *host, t *telemetry) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-h.ended:
			return context.Cause(ctx)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			s.Progress(t.progress())
		}
	}
}
