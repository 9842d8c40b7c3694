// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
)

// sessionPrefix begins the names of all sessions that the probes start.
const sessionPrefix = "winnet-verify-"

// dnsServiceKey exists on a host with the role DNS Server.
const dnsServiceKey = `SYSTEM\CurrentControlSet\Services\DNS`

// sessionOf returns the settings of a session for a provider, with the collector's defaults.
func sessionOf(name string, p *dns.Provider) session.Config {
	return session.Config{
		Name:         sessionPrefix + name,
		Providers:    []session.Provider{{GUID: p.GUID, Name: p.Name, Origin: p.Origin, Level: p.Level, Keywords: p.Keywords}},
		BufferSizeKB: 256, MinimumBuffers: 64, MaximumBuffers: 256, FlushInterval: time.Second,
	}
}

func clientSession(name string) session.Config { return sessionOf(name, dns.Client()) }

func probeProviders(_ context.Context, e *env) outcome {
	evidence := map[string]any{"dns_server_role": e.System.HasKey(dnsServiceKey)}
	registered := map[string]bool{}
	for _, p := range []*dns.Provider{dns.Client(), dns.Server()} {
		ok, err := session.Registered(p.GUID)
		if err != nil {
			return failed("TdhEnumerateProviders: %v", err)
		}
		registered[p.Name], evidence[p.Name] = ok, ok
	}
	client, server := registered[dns.Client().Name], registered[dns.Server().Name]
	return outcome{
		verdict: verdict(client && (server || !e.System.HasKey(dnsServiceKey))), evidence: evidence,
		found: fmt.Sprintf("DNS Client %t, DNS Server %t, role DNS Server %t", client, server, e.System.HasKey(dnsServiceKey)),
	}
}

// described asks the host for the layout of each event that the project knows of a provider. It calls tell with the layouts that the project
// has for the id and version, and with the host's, which is nil if the host has none.
func described(p *dns.Provider, tell func(ours []*schema.Template, host *schema.Template, err error)) {
	type key struct {
		id      uint16
		version uint8
	}
	byKey := map[key][]*schema.Template{}
	var order []key
	for _, t := range dns.NewDecoder(p).Templates() {
		k := key{t.ID, t.Version}
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], t)
	}
	for _, k := range order {
		ours := byKey[k]
		t := ours[0]
		host, err := schema.FromHost(&etw.Record{
			Flags: etw.Flag64BitHeader, Provider: t.Provider, ID: t.ID, Version: t.Version, Level: t.Level, Keyword: t.Keyword, Channel: t.Channel, Task: t.Task,
		})
		tell(ours, host, err)
	}
}

// present returns the DNS providers that this host has registered.
func present() (all []*dns.Provider, err error) {
	for _, p := range []*dns.Provider{dns.Client(), dns.Server()} {
		ok, err := session.Registered(p.GUID)
		if err != nil {
			return nil, fmt.Errorf("TdhEnumerateProviders: %w", err)
		}
		if ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func probeFieldLists(ctx context.Context, _ *env) outcome {
	providers, err := present()
	if err != nil {
		return failed("%v", err)
	}
	same, absent, unlisted, errs, differences := 0, []string{}, []string{}, []string{}, []string{}
	for _, p := range providers {
		name := func(id uint16, version uint8) string { return fmt.Sprintf("%s %d version %d", p.Name, id, version) }
		listed := map[string]bool{}
		described(p, func(ours []*schema.Template, host *schema.Template, err error) {
			id := name(ours[0].ID, ours[0].Version)
			listed[id] = true
			switch {
			case ctx.Err() != nil:
			case err != nil:
				errs = append(errs, fmt.Sprintf("%s: %v", id, err))
			case host == nil:
				absent = append(absent, id)
			case slices.ContainsFunc(ours, host.Same):
				same++
			default:
				differences = append(differences, fmt.Sprintf("%s: this host has %s; the newest embedded list has %s", id, fields(host), fields(ours[0])))
			}
		})
		all, err := schema.EventsFromHost(p.GUID)
		if err != nil {
			errs = append(errs, fmt.Sprintf("the events of %s: %v", p.Name, err))
		}
		for _, d := range all {
			if id := name(d.ID, d.Version); !listed[id] && ctx.Err() == nil {
				unlisted = append(unlisted, fmt.Sprintf("%s, level %d, keyword 0x%016X, channel %d, task %d: %s", id, d.Level, d.Keyword, d.Channel, d.Task, layout(p.GUID, d)))
			}
		}
	}
	return outcome{
		verdict: verdict(same > 0 && len(errs) == 0 && len(differences) == 0 && len(unlisted) == 0),
		found: fmt.Sprintf("%d layouts as expected, %d differ, %d events that this Windows does not have, %d that the embedded lists do not have, %d errors",
			same, len(differences), len(absent), len(unlisted), len(errs)),
		evidence: map[string]any{"same": same, "absent": absent, "unlisted": unlisted, "differences": differences, "errors": errs},
	}
}

// layout describes the host's layout of an event.
func layout(provider etw.GUID, d schema.Descriptor) string {
	t, err := schema.FromHost(&etw.Record{
		Flags: etw.Flag64BitHeader, Provider: provider, ID: d.ID, Version: d.Version, Level: d.Level, Keyword: d.Keyword, Channel: d.Channel, Task: d.Task,
	})
	switch {
	case err != nil:
		return err.Error()
	case t == nil:
		return "no layout"
	}
	return t.Name + " " + fields(t)
}

// fields lists a layout's fields with the numbers of their types.
func fields(t *schema.Template) string {
	text := ""
	for _, f := range t.Fields {
		text += fmt.Sprintf(" %s:%d", f.Name, f.Type)
	}
	return "[" + text + " ]"
}

// channelBits are the bits of a keyword that belong to channels and to Windows.
const channelBits = 0xFFFF << 48

func probeKeywords(_ context.Context, _ *env) outcome {
	providers, err := present()
	if err != nil {
		return failed("%v", err)
	}
	missing, evidence := []string{}, map[string]any{}
	known := 0
	for _, p := range providers {
		keywords, err := schema.KeywordsFromHost(p.GUID)
		if err != nil {
			return failed("TdhEnumerateProviderFieldInformation for %s: %v", p.Name, err)
		}
		var defined uint64
		names := []string{}
		for _, k := range keywords {
			defined |= k.Bits
			names = append(names, fmt.Sprintf("%s 0x%016X", k.Name, k.Bits))
		}
		evidence[p.Name] = names
		described(p, func(ours []*schema.Template, host *schema.Template, _ error) {
			if host == nil {
				return
			}
			used := ours[0].Keyword &^ channelBits
			known += bits.OnesCount64(used & defined)
			if lacks := used &^ defined; lacks != 0 {
				missing = append(missing, fmt.Sprintf("%s event %d: 0x%016X", p.Name, ours[0].ID, lacks))
			}
		})
	}
	evidence["missing"] = missing
	return outcome{verdict: verdict(known > 0 && len(missing) == 0), found: fmt.Sprintf("%d events have a keyword that this Windows does not define", len(missing)), evidence: evidence}
}

func probeProperties(_ context.Context, e *env) outcome {
	cfg := clientSession("properties")
	s, err := e.open(cfg, func(_, _ []byte) {})
	if err != nil {
		return e.withoutSession(err)
	}
	is, err := s.Stats()
	if err != nil {
		return failed("%v", err)
	}
	stripped := []string{}
	for _, m := range session.NotGranted(is.LogFileMode) {
		stripped = append(stripped, m.Name)
	}
	ok := len(stripped) == 0 && is.BufferSize == cfg.BufferSizeKB && is.MinimumBuffers >= cfg.MinimumBuffers && is.MaximumBuffers >= cfg.MaximumBuffers && is.FlushInterval == cfg.FlushInterval
	evidence := map[string]any{
		"not_granted": stripped, "log_file_mode": fmt.Sprintf("0x%08X", is.LogFileMode),
		"asked": map[string]uint32{"buffer_size_kb": cfg.BufferSizeKB, "minimum": cfg.MinimumBuffers, "maximum": cfg.MaximumBuffers, "flush_s": 1},
		"found": map[string]uint32{"buffer_size_kb": is.BufferSize, "minimum": is.MinimumBuffers, "maximum": is.MaximumBuffers, "flush_s": uint32(is.FlushInterval / time.Second), "buffers": is.NumberOfBuffers},
	}
	return outcome{verdict: verdict(ok), evidence: evidence,
		found: fmt.Sprintf("mode 0x%08X, buffers of %d KB, %d to %d, flushed every %v; not granted: %v", is.LogFileMode, is.BufferSize, is.MinimumBuffers, is.MaximumBuffers, is.FlushInterval, stripped)}
}

func probeStartAfterStop(ctx context.Context, e *env) outcome {
	const times, bound = 5, 3 * time.Second
	var starts, stops []float64
	slowest := time.Duration(0)
	for range times {
		at := time.Now()
		s, err := e.open(clientSession("start"), func(_, _ []byte) {})
		if err != nil {
			return e.withoutSession(err)
		}
		starts = append(starts, seconds(time.Since(at)))
		at = time.Now()
		if err := s.Close(ctx); err != nil {
			return failed("%v", err)
		}
		stops = append(stops, seconds(time.Since(at)))
		slowest = max(slowest, time.Since(at))
	}
	return outcome{verdict: verdict(slowest < bound), found: fmt.Sprintf("the slowest of %d stops took %v", times, slowest.Round(time.Millisecond)),
		evidence: map[string]any{"start_s": starts, "stop_s": stops}}
}

func probeEnabled(_ context.Context, e *env) outcome {
	cfg := clientSession("enabled")
	s, err := e.open(cfg, func(_, _ []byte) {})
	if err != nil {
		return e.withoutSession(err)
	}
	states, err := s.ProviderStates()
	if err != nil {
		return failed("%v", err)
	}
	is, want := states[0], cfg.Providers[0]
	evidence := map[string]any{"shown": is.Shown, "level": is.Level, "match_any": fmt.Sprintf("0x%016X", is.Any), "match_all": fmt.Sprintf("0x%016X", is.All)}
	return outcome{
		verdict: verdict(is.Shown && is.Level == want.Level && is.Any == want.Keywords && is.All == 0), evidence: evidence,
		found: fmt.Sprintf("shown %t, level %d, keywords 0x%016X", is.Shown, is.Level, is.Any),
	}
}
