// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/process"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/user"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// dnsReceiver is one receiver: a source, live or a replay, in front of a pipeline.
type dnsReceiver struct {
	cfg       *Config
	set       receiver.Settings
	log       *zap.Logger
	next      consumer.Logs
	providers []provider
	report    *receiverhelper.ObsReport
	job       *replay.Job // nil without replay.exit_when_done

	// Set by Start.
	handler   *handler
	pipeline  *pipeline.Pipeline
	source    source
	losing    atomic.Pointer[source] // source, for the recorder's goroutine
	processes *process.Names         // nil in a replay
	users     *user.Names            // nil in a replay
	telemetry *metadata.TelemetryBuilder
}

// source delivers raw events into the receiver's pipeline from its start until it is stopped.
type source interface {
	// stop ends the source; when it returns without an error, nothing more is delivered.
	stop(ctx context.Context) error
	// losses gives what was lost before the receiver could see it, by who lost it.
	losses() map[string]int64
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*dnsReceiver, error) {
	providers, err := cfg.wanted()
	if err != nil {
		return nil, err
	}
	transport := "etw"
	if cfg.Replay.Enabled() {
		transport = "file"
	}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: transport, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	r := &dnsReceiver{cfg: cfg, set: set, log: set.Logger, next: next, providers: providers, report: report}
	if cfg.Replay.ExitWhenDone {
		r.job = replay.Join(set.Resource)
	}
	return r, nil
}

// Start opens the source. After an error nothing is left running.
func (r *dnsReceiver) Start(_ context.Context, h component.Host) error {
	files, err := r.cfg.Replay.Check(checkFile)
	if err != nil {
		return err
	}
	device := r.liveDevice()
	if r.cfg.Replay.Enabled() {
		device = r.fileDevice(files[0], "")
	}
	if r.handler, err = r.newHandler(device); err != nil {
		return err
	}
	r.warnOfProcesses()
	r.warnOfIdleRules()
	recorder, err := r.openRecord(files)
	if err != nil {
		return err
	}
	r.pipeline = pipeline.New(pipeline.Settings{
		Batch: r.cfg.Batch, Queue: r.cfg.Queue, Retry: r.cfg.Retry,
		Handler: r.handler, Next: r.next, Report: r.report, Format: metadata.Type.String(), Logger: r.log,
		Record: recorder, Live: !r.cfg.Replay.Enabled(),
	})
	if !r.cfg.Replay.Enabled() {
		r.useHost()
	}
	r.pipeline.Start()
	if r.cfg.Replay.Enabled() {
		r.source = startReplay(r, h, files)
	} else if r.source, err = startLive(r, h, device); err != nil {
		return errors.Join(err, r.pipeline.Shutdown(context.Background(), func(context.Context) error { return nil }))
	}
	losing := r.source
	r.losing.Store(&losing)
	if err = r.observe(); err != nil {
		return errors.Join(err, r.Shutdown(context.Background()))
	}
	for _, p := range r.providers {
		r.log.Info("receiving DNS events", zap.String("provider", p.Name), zap.Uint8("level", p.enable.Level),
			zap.String("flags", fmt.Sprintf("%#x", p.enable.Keywords)), zap.String("profile", string(r.cfg.Profile)), zap.Strings("replay", files))
		r.logLeftOut(p)
		r.warnOfNoPlace(p)
	}
	return nil
}

// newHandler makes what turns events into records.
func (r *dnsReceiver) newHandler(device dnslog.Device) (*handler, error) {
	h := &handler{keeper: r.cfg.keeper()}
	for _, p := range r.providers {
		wanted, err := filter.New(p.Provider, r.cfg.Profile, r.cfg.Filters, r.cfg.Noise)
		if err != nil {
			return nil, err
		}
		one := &part{
			decoder: dns.NewDecoder(p.Provider), enable: p.enable, filter: wanted,
			mapper: dnslog.NewMapper(p.Provider, r.cfg.Profile, device, r.set.BuildInfo.Version),
		}
		one.decoder.SkipPackets = !r.cfg.Packet.Parse
		one.mapper.KeepPackets(r.cfg.Packet.Keep)
		one.mapper.Omit(r.cfg.OmitAttributes)
		one.mapper.Spell(r.cfg.Names)
		one.mapper.DetailAnswers(r.cfg.Answers.Detail)
		one.filter.SetDevice(device.Addr)
		h.parts = append(h.parts, one)
	}
	return h, nil
}

// warnOfProcesses says when rules ask for processes and no event will have one with a name.
func (r *dnsReceiver) warnOfProcesses() {
	why := ""
	switch {
	case r.cfg.Replay.Enabled():
		why = "a recorded event has the id of its process and no name"
	case !slices.ContainsFunc(r.providers, func(p provider) bool {
		return p.GUID == dns.Client().GUID || p.Collects(p.enable, "audit")
	}):
		why = "of the DNS Server's events only audit events name a process, and enable_flags or enable_level leaves them out"
	}
	if why != "" && slices.ContainsFunc(r.handler.parts, func(p *part) bool { return p.filter.AsksProcess() }) {
		r.log.Warn("the filters' rules with SrcProcessName match no event here: a rule of exclude drops nothing, and one of include lets nothing pass",
			zap.String("why", why))
	}
}

// warnOfIdleRules says which rules and values of the filters can match no event that is collected here.
func (r *dnsReceiver) warnOfIdleRules() {
	if len(r.cfg.Filters.Exclude)+len(r.cfg.Filters.Include)+len(r.cfg.Noise.ExcludedEventIDs) == 0 {
		return
	}
	var sources []filter.Source
	for _, p := range r.providers {
		sources = append(sources, filter.Source{Provider: p.Provider, Enable: p.enable})
	}
	device := !r.cfg.Replay.Enabled() || r.cfg.Device.IP != ""
	idle := filter.Idle(sources, r.cfg.Profile, device, r.cfg.Filters, r.cfg.Noise)
	const most = 20
	if n := len(idle); n > 0 {
		r.log.Warn("filters ask for what no event has that provider_guid, enable_level, enable_flags and profile let through: exclude drops nothing by it, and include lets nothing pass by it",
			zap.Strings("match_nothing", idle[:min(n, most)]), zap.Int("count", n))
	}
}

// Shutdown stops the source, hands over what is queued, and says what became of every event.
func (r *dnsReceiver) Shutdown(ctx context.Context) error {
	r.job.Leave()
	if r.source == nil {
		return nil
	}
	err := r.pipeline.Shutdown(ctx, r.source.stop)
	r.source = nil
	r.leaveHost(ctx)
	if r.telemetry != nil {
		r.telemetry.Shutdown()
	}
	if n := r.handler.untied(); n > 0 {
		r.log.Warn("queries and responses were not correlated: they are in a layout that is not known, and say nothing that is certain to tie them by",
			zap.Int64("events", n))
	}
	r.pipeline.LogAccount(zap.Int64("layout_unknown", r.handler.unknown.Load()), zap.Int64("packets_unparsable", r.handler.unparsable()))
	return errors.Join(err, r.job.Lost(&r.pipeline.Stats))
}
