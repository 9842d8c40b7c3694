// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// newStatus returns the Reporter of status records, or nil if none are written.
func (r *Runner) newStatus() *status.Reporter {
	cfg, replayed := r.Sections.Status, r.Sections.Replay.Enabled()
	if cfg.Enabled() && r.Next == nil {
		r.Receiver.Logger.Warn("no status record is written: status records are log records, and this receiver is in no logs pipeline")
	}
	info := r.Receiver.BuildInfo
	hide := r.Parts.HideHost()
	return status.New(status.Settings{
		Config: cfg, Next: r.Next, Retry: r.Sections.Retry, Report: r.Report, Format: r.Receiver.ID.Type().String(), Logger: r.Receiver.Logger,
		Device: func() status.Device {
			return status.Device{
				Dvc: r.Parts.HostName(), Component: r.Receiver.ID.String(), Command: info.Command, Version: info.Version, HideHost: hide,
			}
		},
		State:   r.state,
		Account: r.account,
		Timed: func(source string) bool {
			_, before := r.Losses()[source]
			return !before || !replayed // a recorded file does not say when its session lost events
		},
	})
}

// state returns what the receiver is doing, for a heartbeat.
func (r *Runner) state() string {
	switch {
	case r.Player == nil && r.Parts.Reading():
		return status.Live
	case r.Player == nil:
		return status.Waiting
	}
	if r.Player.Progress.Ended() {
		return status.Replayed
	}
	return status.Replay
}

// account returns the account for a heartbeat. Received is read last, so that it is not less than the sum of the others.
func (r *Runner) account() status.Account {
	stats := &r.Pipeline.Stats
	a := status.Account{
		Emitted: stats.Emitted.Load(), Filtered: stats.Filtered.Load(), Aggregated: stats.Aggregated.Load(),
		Undecodable: stats.Undecodable.Snapshot(), Dropped: stats.Dropped.Snapshot(), Lost: r.Losses(), CopiesLost: r.copiesLost(),
	}
	a.Received = stats.Received.Load()
	a.Pending = a.Received - a.Emitted - a.Filtered - a.Aggregated
	for _, by := range []map[string]int64{a.Undecodable, a.Dropped} {
		for _, n := range by {
			a.Pending -= n
		}
	}
	a.Pending = max(0, a.Pending) // a replay's event may be handled before it is counted as received
	if last := stats.Last(); last != 0 {
		a.Last = time.Unix(0, last)
	}
	return a
}

// copiesLost returns the events that are missing in the recording and those whose records are missing in the archive: record_ and archive_ with
// the reason.
func (r *Runner) copiesLost() map[string]int64 {
	by := map[string]int64{}
	if r.Pipeline.Record != nil {
		for reason, n := range r.Pipeline.Record.Stats.Lost.Snapshot() {
			by["record_"+reason] = n
		}
	}
	for reason, n := range r.Pipeline.Stats.Archive.Dropped.Snapshot() {
		by["archive_"+reason] = n
	}
	return by
}
