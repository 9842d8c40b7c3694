// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/hnsstate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

// The pins that a collector reads, and others that Cilium on Windows is known to make.
const (
	eventsPin  = "/ebpf/global/cilium_events"
	configPin  = "/ebpf/global/cilium_observability_config"
	missingPin = "/ebpf/global/winnet_verify_no_such_pin"
)

var otherPins = []string{"/ebpf/global/cilium_metrics", "/ebpf/global/windows_metrics"}

const notInstalled = "eBPF for Windows is not installed"

func probeEBPF(_ context.Context, e *env) outcome {
	is := e.System.EBPF()
	if errors.Is(is.Ring, pinned.ErrNotInstalled) {
		return notApplicable(notInstalled)
	}
	text := func(err error) string {
		if err != nil {
			return err.Error()
		}
		return "complete"
	}
	return outcome{
		verdict:  verdict(is.Ring == nil && is.Perf == nil && is.Driver == "running"),
		found:    fmt.Sprintf("version %q, driver %s; ring buffer: %s; perf event array: %s", is.Version, is.Driver, text(is.Ring), text(is.Perf)),
		evidence: map[string]any{"version": is.Version, "driver": is.Driver, "ring": text(is.Ring), "perf": text(is.Perf)},
	}
}

func probeMissingPin(_ context.Context, e *env) outcome {
	m, err := pinned.Open(missingPin)
	evidence := map[string]any{"driver": e.System.EBPF().Driver}
	switch {
	case err == nil:
		_ = m.Close()
		return failed("%s exists", missingPin)
	case errors.Is(err, pinned.ErrNotInstalled):
		return notApplicable(notInstalled)
	}
	if out, ok := e.needsAdministrator(err); ok {
		return out
	}
	evidence["error"] = err.Error()
	return outcome{verdict: verdict(errors.Is(err, os.ErrNotExist)), found: err.Error(), evidence: evidence}
}

// gate reads the registry's word whether Cilium runs.
func (e *env) gate() (n uint64, err error) {
	hnsstate.Read(func(key, value string) (uint64, error) {
		n, err = e.System.Registry(key, value)
		return n, err
	})
	return n, err
}

func probeGate(_ context.Context, e *env) outcome {
	n, err := e.gate()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return notApplicable("the value does not exist")
	case err != nil:
		if out, ok := e.needsAdministrator(err); ok {
			return out
		}
		return failed("the value cannot be read: %v", err)
	}
	return outcome{verdict: verdict(n <= 1), found: fmt.Sprintf("the value is %d", n), evidence: map[string]any{"value": n}}
}

// describe opens a pinned map and describes it. It does not attach to the map.
func describe(path string) (is pinned.Identity, evidence map[string]any, err error) {
	m, err := pinned.Open(path)
	if err != nil {
		return is, nil, err
	}
	defer func() { _ = m.Close() }()
	if is, err = pinned.Identify(m); err != nil {
		return is, nil, err
	}
	name, number := events.TypeName(is.Type)
	return is, map[string]any{
		"type": name, "type_number": number, "key_size": is.KeySize, "value_size": is.ValueSize, "max_entries": is.MaxEntries, "flags": is.Flags, "name": is.Name,
		"has_id": is.ID != 0,
	}, nil
}

// absent is the outcome for a map that cannot be opened.
func (e *env) absent(path string, err error) outcome {
	switch n, _ := e.gate(); {
	case errors.Is(err, pinned.ErrNotInstalled):
		return notApplicable(notInstalled)
	case errors.Is(err, os.ErrNotExist) && (path != eventsPin || n != 1):
		return notApplicable("no map is pinned at %s", path)
	}
	if out, ok := e.needsAdministrator(err); ok {
		return out
	}
	return failed("%v", err)
}

// probeList lists what is pinned. The paths of pins that are not Cilium's are data of the host.
func probeList(_ context.Context, e *env) outcome {
	all, err := pinned.List()
	evidence := map[string]any{}
	cilium, others, kinds := []string{}, 0, map[string]int{}
	found := false
	for _, p := range all {
		kinds[p.Kind]++
		found = found || pinned.Canonical(p.Path) == pinned.Canonical(eventsPin)
		if e.WithData || strings.Contains(strings.ToLower(p.Path), "cilium") {
			cilium = append(cilium, p.Kind+" "+p.Path)
		} else {
			others++
		}
	}
	evidence["pins"], evidence["others"], evidence["kinds"] = cilium, others, kinds
	switch {
	case errors.Is(err, pinned.ErrNotInstalled):
		return notApplicable(notInstalled)
	case errors.Is(err, pinned.ErrOutdated):
		return notApplicable("%v", err)
	case err != nil:
		if out, ok := e.needsAdministrator(err); ok {
			return out
		}
		evidence["error"] = err.Error()
		return outcome{verdict: Fail, found: err.Error(), evidence: evidence}
	}
	n, _ := e.gate()
	text := fmt.Sprintf("%d pins, among them %v", len(all), cilium)
	if n == 1 && !found {
		text += "; Cilium runs, and " + eventsPin + " is not among them"
	}
	return outcome{verdict: verdict(n != 1 || found), found: text, evidence: evidence}
}

func probePins(_ context.Context, e *env) outcome {
	is, found, err := describe(eventsPin)
	if err != nil {
		return e.absent(eventsPin, err)
	}
	evidence := map[string]any{eventsPin: found}
	for _, path := range otherPins {
		if _, other, err := describe(path); err == nil {
			evidence[path] = other
		}
	}
	out := outcome{verdict: Pass, found: fmt.Sprintf("%v with %d entries", found["type"], is.MaxEntries), evidence: evidence}
	if err := events.Check(eventsPin, is); err != nil {
		out.verdict, out.found = Fail, err.Error()
	}
	return out
}

func probeConfigMap(_ context.Context, e *env) outcome {
	_, found, err := describe(configPin)
	if err != nil {
		return e.absent(configPin, err)
	}
	m, err := obsconfig.Open(configPin)
	if err != nil {
		return e.absent(configPin, err)
	}
	defer func() { _ = m.Close() }()
	info, err := m.Info()
	if err != nil {
		return failed("%v", err)
	}
	evidence := map[string]any{"map": found}
	layout := obsconfig.Layout{Preset: obsconfig.PresetBitmask}
	if err := layout.Fits(info); err != nil {
		return outcome{verdict: Fail, found: err.Error(), evidence: evidence}
	}
	const most = 64
	values := []string{}
	for index := range min(info.MaxEntries, most) {
		value := make([]byte, info.ValueSize)
		if err := m.Lookup(index, value); err != nil {
			if out, ok := e.needsAdministrator(err); ok {
				return out
			}
			return failed("index %d: %v", index, err)
		}
		values = append(values, hex.EncodeToString(value))
	}
	evidence["values"] = values
	return outcome{verdict: Pass, found: fmt.Sprintf("an array of %d values of %d bytes: %v", info.MaxEntries, info.ValueSize, values), evidence: evidence}
}
