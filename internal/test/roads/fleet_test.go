// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// takeover is how long the other gateways may take until they have delivered what a killed one left: its session lasts 10 s.
const takeover = time.Minute

// fleet is examples/fleet: agents, a broker, gateways of one consumer group, and Microsoft Sentinel.
type fleet struct {
	*testing.T
	broker   *kafkaFar
	sentinel *sentinelFar
	gateways []*collector
	agents   [2]string // their directories
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{T: t, broker: newKafkaFar(t), sentinel: newSentinelFar(t), gateways: make([]*collector, 3), agents: [2]string{home(t), home(t)}}
	for n := range f.gateways {
		f.startGateway(n)
	}
	return f
}

// startGateway starts the n-th gateway, which has a rule of its own, with configurations over the shipped one.
func (f *fleet) startGateway(n int, more ...string) {
	f.Helper()
	overlay := fmt.Sprintf("yaml:receivers: {kafka: {tls: {ca_file: '%s'}, error_backoff: {initial_interval: 200ms, max_interval: 1s}}}", f.broker.ca)
	f.gateways[n] = start(f.T, gatewayHome(f.T), append(f.broker.env(), f.sentinel.envOf(n)...), append([]string{"examples/fleet/gateway.yaml", overlay}, more...)...)
}

// agent starts the n-th agent on a recording.
func (f *fleet) agent(n int, part string, events, rate int) *collector {
	f.Helper()
	return start(f.T, f.agents[n], f.broker.env(), "examples/fleet/agent.yaml", "yaml:"+f.broker.overlay(),
		fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s', rate: %d}}", recording(f.T, part, events, 4), rate),
		"yaml:exporters::kafka::retry_on_failure: {initial_interval: 200ms, max_interval: 1s}")
}

// send has both agents send parts of so many events, runs what happens meanwhile, and waits until all has arrived.
func (f *fleet) send(part string, events, rate int, meanwhile func()) (sent []string) {
	f.Helper()
	var agents []*collector
	for n := range f.agents {
		name := fmt.Sprintf("%s%d", part, n)
		agents = append(agents, f.agent(n, name, events, rate))
		sent = append(sent, names(name, events)...)
	}
	meanwhile()
	for n, agent := range agents {
		agent.untilWithin(takeover, "all has arrived", func() bool { return ofPart(f.sentinel.got(), fmt.Sprintf("%s%d", part, n)) == events })
		require.Equal(f, events, agent.interrupt())
	}
	return sent
}

// again gives the messages with rows of a part, of either agent, that have arrived more than once: by partition, in the order of their offsets.
func (f *fleet) again(part string) map[int32][]place {
	f.broker.placed.Lock()
	defer f.broker.placed.Unlock()
	of := map[int32][]place{}
	for name, n := range f.sentinel.got() {
		if where := f.broker.where[name]; n > 1 && strings.HasPrefix(name, part) && !slices.Contains(of[where.partition], where) {
			of[where.partition] = append(of[where.partition], where)
		}
	}
	for _, places := range of {
		slices.SortFunc(places, func(a, b place) int { return int(a.offset - b.offset) })
	}
	return of
}

func hourOfAFleet(t *testing.T) {
	f := newFleet(t)
	want := f.send("calm", 300, 150, func() {})
	requireOnce(t, f.sentinel.got(), want)

	// A gateway is killed in the middle of the traffic, with rows that Sentinel has accepted and not answered.
	want = append(want, f.send("killed", 1500, 100, func() {
		f.sentinel.hold(sentinelRule(0))
		f.gateways[0].until("a call of the first gateway waits", func() bool { return f.sentinel.heldCalls() > 0 })
		f.gateways[0].kill()
		f.sentinel.hold("")
	})...)
	again := f.again("killed")
	require.NotEmpty(t, again, "rows of the killed gateway come again")
	const fetch = 1 << 20 // max_partition_fetch_size
	for partition, places := range again {
		size := 0
		for _, p := range places {
			size += p.size
		}
		require.True(t, len(places) == 1 || size <= fetch, "more than one fetch of partition %d came again: %d bytes", partition, size)
		require.Equal(t, places[0].offset+int64(len(places))-1, places[len(places)-1].offset, "one behind the other")
	}

	f.sentinel.requireIdentifiers(t)

	// Sentinel is away; one gateway is killed meanwhile, one is stopped, and both are started again.
	want = append(want, f.send("away", 2000, 100, func() {
		f.sentinel.away(t)
		f.gateways[1].kill()
		time.Sleep(outage)
		f.gateways[2].stopWithin(patience)
		f.startGateway(0)
		f.startGateway(1)
		f.startGateway(2)
		f.sentinel.back(t)
	})...)

	// The broker is away.
	want = append(want, f.send("broker", 2000, 100, func() {
		f.broker.away(t)
		time.Sleep(outage)
		f.broker.back(t)
	})...)

	// All gateways are killed, and started again.
	want = append(want, f.send("all", 500, 100, func() {
		for _, gateway := range f.gateways {
			gateway.kill()
		}
		for n := range f.gateways {
			f.startGateway(n)
		}
	})...)
	requireExactly(t, f.sentinel.got(), want)
	f.sentinel.requireIdentifiers(t)
	for _, gateway := range f.gateways {
		gateway.stopWithin(patience)
	}
}

// What the receiver does by default: it commits before Sentinel has the rows. With a killed gateway they are lost.
func TestAGatewayThatMarksMessagesBeforeTheirDeliveryLosesThem(t *testing.T) {
	t.Parallel()
	const all = 200
	f := &fleet{T: t, broker: newKafkaFar(t), sentinel: newSentinelFar(t), gateways: make([]*collector, 1), agents: [2]string{home(t), home(t)}}
	f.sentinel.away(t)
	f.startGateway(0, "yaml:receivers::kafka: {message_marking: {after: false}, autocommit: {enable: true}}")
	agent := f.agent(0, "marked", all, 0)
	f.gateways[0].until("all messages are committed", func() bool {
		return len(f.broker.got()) == all && f.broker.committed(t) == f.broker.messages()
	})
	require.Equal(t, all, agent.interrupt())
	f.gateways[0].kill()

	f.sentinel.back(t)
	f.startGateway(0)
	agent = f.agent(0, "last", 100, 0)
	agent.until("the last have arrived", func() bool { return ofPart(f.sentinel.got(), "last") == 100 })
	agent.interrupt()
	requireExactly(t, f.sentinel.got(), names("last", 100))
}
