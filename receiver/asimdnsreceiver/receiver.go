// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/process"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/user"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// dnsReceiver is the part of the receiver that is specific to DNS. Its Runner runs it.
type dnsReceiver struct {
	*runner.Runner
	cfg       *Config
	set       receiver.Settings
	log       *zap.Logger
	providers []provider

	// Set by Start.
	device     dnslog.Device // at the start
	handler    *handler
	supervisor atomic.Pointer[session.Supervisor] // of the live session; nil in a replay, and while the host lacks its providers
	files      fileSource
	processes  *process.Names // nil in a replay
	users      *user.Names    // nil in a replay
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*dnsReceiver, error) {
	providers, err := cfg.wanted()
	if err != nil {
		return nil, err
	}
	set.Logger = printable.Logger(set.Logger)
	r := &dnsReceiver{cfg: cfg, set: set, log: set.Logger, providers: providers}
	r.files.r = r
	r.Runner, err = runner.New(runner.Settings{
		Receiver: set, Next: next, Archive: cfg.Archive,
		Sections: runner.Sections{
			Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Memory: cfg.Memory, Replay: cfg.Replay, Record: cfg.Record, Status: cfg.status(),
			Storage: cfg.Storage, WhenMissing: cfg.WhenMissing,
		},
		Needs:     cfg.needs(),
		Transport: "etw",
		Parts: runner.Parts{
			CheckFile: checkFile, NewHandler: r.prepare, NewWriter: r.newWriter, OpenLive: r.openLive, Missing: missing, Follow: r.followDevice, PlayFile: r.files.play, Survey: etl.Survey,
			Losses: r.losses, Telemetry: runner.TelemetryOf(metadata.NewTelemetryBuilder, r.observe), Begin: r.useHost, End: r.leaveHost, Played: r.files.played,
			Started: r.started, Account: r.account, HostName: r.hostName, Reading: r.reading,
			HideHost: func() status.HostHider { return cfg.pseudonyms().HostHider() },
		},
	})
	return r, err
}

// started logs what is received.
func (r *dnsReceiver) started(files []string) {
	for _, p := range r.providers {
		r.log.Info("receiving DNS events", zap.String("provider", p.Name), zap.Uint8("level", p.enable.Level),
			zap.String("flags", fmt.Sprintf("%#x", p.enable.Keywords)), zap.String("profile", string(r.cfg.Profile)), zap.Strings("replay", files))
		r.logLeftOut(p)
	}
}

// prepare makes the handler, and warns of configuration that has no effect.
func (r *dnsReceiver) prepare(files []string) (_ pipeline.Handler, err error) {
	r.device = r.liveDevice()
	if len(files) > 0 {
		r.device = r.fileDevice(files[0], "")
	}
	if r.handler, err = r.newHandler(r.device); err != nil {
		return nil, err
	}
	r.handler.canaries = r.newCanaries()
	r.warnOfProcesses()
	r.warnOfIdleRules()
	r.warnOfAggregation()
	return r.handler, nil
}

// newHandler makes the handler that turns events into records.
func (r *dnsReceiver) newHandler(device dnslog.Device) (*handler, error) {
	h := &handler{correlator: r.cfg.newCorrelator(r.Memory), aggregator: r.cfg.newAggregator(r.Memory)}
	if h.correlator != nil && h.aggregator != nil {
		h.aggregator.Follow(&h.correlator.Clock)
	}
	if err := h.classify(&r.cfg.Aggregation, r.cfg.latest()); err != nil {
		return nil, err
	}
	pseudonyms := r.cfg.pseudonyms()
	for _, p := range r.providers {
		wanted, err := filter.New(p.Provider, r.cfg.Profile, r.cfg.Filters, r.cfg.Noise)
		if err != nil {
			return nil, err
		}
		one := &providerPipeline{
			decoder: dns.NewDecoder(p.Provider), enable: p.enable, filter: wanted,
			mapper:  dnslog.NewMapper(p.Provider, r.cfg.Profile, device, r.set.BuildInfo.Version),
			archive: r.cfg.newArchiver(p.Provider, device, r.set.BuildInfo.Version, pseudonyms),
		}
		one.decoder.SkipPackets = !r.cfg.Packet.Parse
		one.mapper.KeepPackets(r.cfg.keptPackets())
		one.mapper.Omit(r.cfg.OmitAttributes)
		if r.cfg.Attributes.Slim() {
			one.mapper.Slim(r.cfg.Correlate)
		}
		if r.cfg.Attributes == asim.MinimalAttributes {
			one.mapper.Minimize()
		}
		one.mapper.PutDevice(r.cfg.Device.In)
		one.mapper.Spell(r.cfg.Names)
		one.mapper.DetailAnswers(r.cfg.Answers.Detail)
		one.mapper.Pseudonymize(pseudonyms)
		one.filter.SetDevice(device.Addr)
		h.pipelines = append(h.pipelines, one)
	}
	if h.pipelines[0].mapper.Identifies() {
		h.ids = uid.NewMaker("etw")
		h.setHost()
		identify := func(raw []byte) hold.ID { return hold.ID(h.id(raw)) }
		if h.correlator != nil {
			h.correlator.Identify = identify
		}
		if h.aggregator != nil {
			h.aggregator.Identify = identify
		}
	}
	return h, nil
}

// warnOfProcesses warns if rules name processes and no event will name its process.
func (r *dnsReceiver) warnOfProcesses() {
	why := ""
	switch {
	case r.cfg.Replay.Enabled():
		why = "a recorded event has its process's id but not its name"
	case !slices.ContainsFunc(r.providers, func(p provider) bool {
		return p.GUID == dns.Client().GUID || p.Collects(p.enable, "audit")
	}):
		why = "of the DNS Server's events, only audit events name a process, and enable_flags or enable_level leaves them out"
	}
	if why != "" && slices.ContainsFunc(r.handler.pipelines, func(p *providerPipeline) bool { return p.filter.AsksProcess() }) {
		r.log.Warn("filter rules with SrcProcessName match no event: in exclude they drop nothing, in include they let nothing pass",
			zap.String("why", why))
	}
}

// warnOfIdleRules warns of filter rules and values that can match no collected event.
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
		r.log.Warn("filter rules match no collected event: none that provider_guid, enable_level, enable_flags and profile let through has these values; in exclude they drop nothing, in include they let nothing pass",
			zap.Strings("match_nothing", idle[:min(n, most)]), zap.Int("count", n))
	}
}

// account returns what this receiver adds to the pipeline's account.
func (r *dnsReceiver) account() []zap.Field {
	if n := r.handler.untied(); n > 0 {
		r.log.Warn("queries and responses were not correlated: their layout is unknown, and no field that is certain identifies the exchange",
			zap.Int64("events", n))
	}
	if c := r.handler.correlator; c != nil && c.Early() > 0 {
		r.log.Warn("queries or responses left before their time because correlation.max_size_mib or memory.max_mib was reached: their exchanges may be several records; raise it",
			zap.Int64("events", c.Early()))
	}
	fields := []zap.Field{zap.Int64("layout_unknown", r.handler.unknown.Load()), zap.Int64("packets_unparsable", r.handler.unparsable())}
	if r.cfg.Volume != volume.Full {
		fields = append(fields, zap.Int64("bytes_saved", r.handler.bytesSaved()))
	}
	return fields
}

// losses returns what was lost before the receiver could see it, by cause.
func (r *dnsReceiver) losses() map[string]int64 {
	if r.cfg.Replay.Enabled() {
		return r.files.losses()
	}
	return r.lostLive()
}
