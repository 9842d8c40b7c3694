// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/receiver"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// Options that change what a round does: threeTimes plays the file three times, follows reads it until the receiver is stopped, and keeps
// plays it a second time with the storage of the first.
const (
	threeTimes = "replay: {repeat: 3}"
	follows    = "replay: {follow: true}"
	keeps      = "storage: kept"
)

// options are the parts of a random configuration of each receiver. One is left out when the configuration is not valid with it.
func options(name string) []string {
	common := []string{
		"batch: {max_records: 1}", "batch: {max_records: 7, flush_interval: 10ms}", "batch: {max_size_mib: 1}", "queue: {max_size_mib: 1}",
		"retry: {enabled: false}", threeTimes, follows, keeps, "volume: lean", "volume: balanced", "archive: true",
		"memory: {max_mib: 4096}", "heartbeat: 1s", "status_records: true",
	}
	if name == "asimdns" {
		return append(common,
			"memory: {max_mib: 134}", "correlate: true", "correlation: {timeout: 1s}", "aggregation: {window: 5s}", "aggregation: {window: 24h}", "exclude_aaaa_records: true", "enable_deduplication: true",
			"excluded_event_ids: [256, 257, 3006]", "excluded_domains: ['*.example', '*.com']", "filters: {include: [{EventResult: [Success]}]}",
			"filters: {exclude: [{DnsQueryTypeName: [A]}]}", "include_info_events: false", "profile: asim", "profile: documented", "packet: {parse: false}",
			"enable_level: 2", "attributes: slim", "correlate: true\naggregation: {window: 5s, pack: sums}", "correlate: true\naggregation: {window: 1h, pack: new}",
			"pseudonymize: {fields: [SrcIpAddr, DnsQuery, Dvc], key: 0123456789abcdef0123456789abcdef}")
	}
	return append(common,
		"memory: {max_mib: 84}", "monitor_aggregation_level: none", "monitor_aggregation_level: low", "monitor_aggregation_level: medium", "aggregation_interval: 1s", "enabled_events: [DROP]",
		"enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]", "filters: {allow: [{verdict: [DROPPED]}]}", "filters: {deny: [{protocol: [tcp]}]}", "body: none",
		"connections: {enabled: true}", "attributes: slim", "pseudonymize: {fields: [SrcIpAddr, DstIpAddr, Dvc], key: 0123456789abcdef0123456789abcdef}")
}

// fault is what the next component does with a batch.
type fault int

const (
	refuses fault = iota
	refusesForGood
	takesPart
	panics
	isSlow
	never // returns when its context ends
)

// round is one run of a receiver. All that is random in it comes from its seed, so that a shorter round differs only in what it lacks.
type round struct {
	receiver string
	seed     uint64
	events   int
	options  []int         // in force, by their place in options
	faults   map[int]fault // by the number of the attempt
	stop     int           // the collector is stopped at this attempt; 0 is not before the end
}

func newRound(seed uint64) round {
	r := rand.New(rand.NewPCG(seed, 1))
	one := round{receiver: []string{"asimdns", "ciliumwindows"}[r.IntN(2)], seed: seed, events: 1 + r.IntN(600), faults: map[int]fault{}}
	for i := range options(one.receiver) {
		if r.IntN(5) == 0 {
			one.options = append(one.options, i)
		}
	}
	r.Shuffle(len(one.options), func(i, j int) { one.options[i], one.options[j] = one.options[j], one.options[i] })
	for range r.IntN(5) {
		one.faults[1+r.IntN(8)] = fault(r.IntN(int(never)))
	}
	if r.IntN(3) == 0 {
		one.stop = 1 + r.IntN(4)
		if r.IntN(3) == 0 {
			one.faults[one.stop] = never
		}
	}
	return one
}

// String has all that is needed to make the round again.
func (o round) String() string {
	return fmt.Sprintf("%s, seed %d, %d events, faults %v, stop %d, configuration:\n%s", o.receiver, o.seed, o.events, o.faults, o.stop, strings.Join(o.texts(), "\n"))
}

// texts are the options in force.
func (o round) texts() (texts []string) {
	for _, i := range o.options {
		texts = append(texts, options(o.receiver)[i])
	}
	return texts
}

// shorter returns rounds that lack something.
func (o round) shorter() (all []round) {
	if o.stop != 0 {
		one := o
		one.stop = 0
		all = append(all, one)
	}
	for _, n := range []int{o.events / 2, o.events - 1} {
		if n > 0 {
			one := o
			one.events = n
			all = append(all, one)
		}
	}
	for i := range o.options {
		one := o
		one.options = slices.Delete(slices.Clone(o.options), i, i+1)
		all = append(all, one)
	}
	for at := range o.faults {
		one := o
		one.faults = map[int]fault{}
		for other, f := range o.faults {
			if other != at {
				one.faults[other] = f
			}
		}
		all = append(all, one)
	}
	return all
}

// shrink returns the shortest round that it finds that fails, and its error.
func shrink(o round, err error, run func(round) error) (round, error) {
	for tries := 0; tries < 100; {
		shorter := false
		for _, one := range o.shorter() {
			tries++
			if e := run(one); e != nil {
				o, err, shorter = one, e, true
				break
			}
		}
		if !shorter {
			break
		}
	}
	return o, err
}

// Random events, some of them damaged, with random filters and other settings, faults of the next component and stops, through the factories
// of the receivers. The metrics are those that the collector serves. WINNET_SEED repeats a seed, WINNET_ROUNDS sets the number of rounds.
func TestFaultsAtRandomLeaveTheScrapedSumTheNumberOfEvents(t *testing.T) {
	rounds, seed := 40, rand.Uint64()
	if text := os.Getenv("WINNET_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		rounds = 1
	}
	if text := os.Getenv("WINNET_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	p := newProperty(t)
	var made int
	for i := range uint64(rounds) {
		one := newRound(seed + i)
		if err := p.run(one); err != nil {
			short, e := shrink(one, err, p.run)
			t.Fatalf("%v\nin round %v\n\nthe shortest round that fails: %v\nin round %v\n\nrepeat it with WINNET_SEED=%d", err, one, e, short, one.seed)
		}
		made += one.events
	}
	t.Logf("%d rounds from seed %d, %d events", rounds, seed, made)
	require.Equal(t, rounds, p.whole+p.stopped)
	atMost(t, 0)
}

// factoryOf returns the factory of a receiver.
func factoryOf(name string) receiver.Factory {
	if name == "asimdns" {
		return asimdnsreceiver.NewFactory()
	}
	return ciliumwindowsreceiver.NewFactory()
}

// configOf returns the configuration of a receiver with a file to replay and those of the texts that are valid together, and these.
func configOf(name, path string, texts []string) (cfg component.Config, taken []string, err error) {
	merged := map[string]any{}
	base := []string{"retry: {initial_interval: 100ms, max_interval: 100ms}", fmt.Sprintf("replay: {path: %q}", path)}
	if name == "asimdns" {
		base = append(base, "enable_flags: '0xFFFFFFFFFFFFFFFF'", "enable_level: 5")
	}
	for i, text := range append(base, texts...) {
		var section map[string]any
		if err := yaml.Unmarshal([]byte(text), &section); err != nil {
			return nil, nil, err
		}
		conf := confmap.NewFromStringMap(merged)
		if err := conf.Merge(confmap.NewFromStringMap(section)); err != nil {
			return nil, nil, err
		}
		next := factoryOf(name).CreateDefaultConfig()
		switch err := errors.Join(conf.Unmarshal(next), confmap.Validate(next)); {
		case err == nil:
			merged, cfg = conf.ToStringMap(), next
			if i >= len(base) {
				taken = append(taken, text)
			}
		case i < len(base):
			return nil, nil, err
		}
	}
	return cfg, taken, nil
}

// Each option is valid, alone or with a volume.
func TestTheOptionsOfRandomConfigurationsAreValid(t *testing.T) {
	for _, name := range []string{"asimdns", "ciliumwindows"} {
		for _, text := range options(name) {
			_, alone, err := configOf(name, "a.etl", []string{text})
			require.NoError(t, err)
			_, with, err := configOf(name, "a.etl", []string{"volume: balanced", text})
			require.NoError(t, err)
			require.True(t, len(alone) == 1 || len(with) == 2, "%s: %s", name, text)
		}
	}
}
