// SPDX-License-Identifier: Apache-2.0

// The clients: what each asks for, and when.

package traffic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// client is a workstation or a server. It implements actor.
type client struct {
	*rand.Rand
	g       *Generator
	address string
	server  bool
	rate    float64 // look-ups or bursts in a second
	habit   float64
	names   []name // that it asks for again and again

	known  map[question]int64 // by question: until when the client knows the answer; nil for a server
	left   int                // look-ups of the burst that are left
	at     int64              // the next look-up
	update int64              // the next registration of its address
}

// question is a name and a type.
type question struct {
	name
	qtype uint16
}

// newClients makes the clients of a model.
func (g *Generator) newClients(seed uint64) {
	m := &g.model
	n := max(1, int(math.Round(float64(m.Clients)/m.Repetition)))
	servers := int(math.Round(float64(n) * m.ServerShare))
	gateways := int(math.Round(float64(servers) * m.GatewayShare))
	weights := append(m.weights(gateways), m.weights(servers-gateways)...)
	perServer := float64(n-servers) * m.WorkstationRate * m.QueriesOfServers / (1 - m.QueriesOfServers) / float64(max(servers, 1))
	for i := range n {
		c := &client{
			Rand: rand.New(rand.NewPCG(seed, uint64(i)+1)), g: g, address: fmt.Sprintf("10.1.%d.%d", i/250, i%250+1), server: i < servers,
			habit: m.Habit,
		}
		count := m.WorkstationNames
		switch {
		case i < servers:
			const queriesALookup = 1.3 // with AAAA and HTTPS
			c.rate = perServer * weights[i] / queriesALookup
			if count = m.GatewayNames; i >= gateways {
				count, c.habit = m.ServerNames, m.ServerHabit
			}
		default:
			c.known = map[question]int64{}
			c.rate = m.LookupRate / m.Burst
		}
		c.rate *= m.Repetition
		for range count {
			c.names = append(c.names, c.anyName())
		}
		c.at = g.now
		c.pause()
		c.update = g.now + c.Int64N(g.scaled(m.UpdateEvery))
		g.add(c)
	}
}

// weights returns the rates of n servers as multiples of their mean: the quantiles of the distribution, so that a small sample has its
// spread, too.
func (m *Model) weights(n int) []float64 {
	list, sum := make([]float64, n), 0.
	for i := range list {
		list[i] = math.Exp(m.ServerSpread * math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(n)-1))
		sum += list[i]
	}
	for i := range list {
		list[i] *= float64(n) / sum
	}
	return list
}

// scaled returns a duration of a client's life. A client that asks more often forgets sooner.
func (g *Generator) scaled(d time.Duration) int64 { return int64(float64(d) / g.model.Repetition) }

// pause sets the time of the next look-up.
func (c *client) pause() {
	if c.left > 0 {
		c.left--
		c.at += int64(c.ExpFloat64() * float64(150*time.Millisecond))
		return
	}
	rate := c.rate
	if !c.server {
		rate *= c.g.model.hour(c.at - c.g.start)
		c.left = int(c.ExpFloat64() * c.g.model.Burst)
	}
	c.at += int64(c.ExpFloat64() / rate * float64(time.Second))
}

// hour returns the rate of workstations so long after midnight, as a multiple of the mean.
func (m *Model) hour(since int64) float64 {
	ofDay := float64(since%int64(24*time.Hour)) / float64(24*time.Hour)
	return 1 + (m.Peak-1)*math.Cos(2*math.Pi*(ofDay-14./24))
}

func (c *client) next() int64 { return min(c.at, c.update) }

func (c *client) act() {
	if c.update <= c.at {
		c.g.register(c, c.update)
		c.update += c.g.scaled(c.g.model.UpdateEvery)
		return
	}
	for _, q := range c.lookup() {
		c.ask(q)
	}
	c.pause()
}

// anyName returns a name by its popularity.
func (c *client) anyName() name {
	m := &c.g.model
	if c.Float64() < m.OwnNames {
		return name{own, zipf(c.Float64(), ownHosts, m.ZipfExponent)}
	}
	return name{foreign, zipf(c.Float64(), m.Names, m.ZipfExponent)}
}

// lookup returns the questions of a look-up.
func (c *client) lookup() []question {
	m := &c.g.model
	if m.OnlyNew {
		return []question{{c.g.newName(), typeA}}
	}
	u := c.Float64()
	among := func(share float64) bool { u -= share; return u < 0 }
	switch {
	case among(m.OneTime):
		return []question{{c.g.newName(), typeA}}
	case among(m.Telemetry):
		if !c.server {
			return []question{{name{telemetry, c.Uint64N(uint64(len(telemetryNames)))}, typeA}}
		}
	case among(m.SRV):
		return []question{{name{service, zipf(c.Float64(), len(services), m.ZipfExponent)}, typeSRV}}
	case among(m.PTR):
		// Machines look up the same few addresses: of those that connect to them.
		return []question{{name{reverse, mix(uint64(len(c.address))+zipf(c.Float64(), len(c.names), m.ZipfExponent)+c.g.hash(c.address)) % ownHosts}, typePTR}}
	}
	n := c.anyName()
	if c.Float64() < c.habit {
		n = c.names[zipf(c.Float64(), len(c.names), m.ZipfExponent)]
	}
	switch {
	case among(m.HTTPS):
		return []question{{n, typeA}, {n, typeHTTPS}}
	case among(m.MX):
		return []question{{n, typeMX}}
	case among(m.TXT):
		return []question{{n, typeTXT}}
	case c.Float64() < m.BothFamilies:
		return []question{{n, typeA}, {n, typeAAAA}}
	}
	return []question{{n, typeA}}
}

// ask sends a question to the server, unless the client knows the answer.
func (c *client) ask(q question) {
	if until, ok := c.known[q]; ok && c.at < until {
		return
	}
	result := c.g.exchange(c.Rand, c.address, q, c.at)
	if c.known == nil {
		return
	}
	switch result {
	case noError:
		c.known[q] = c.at + c.g.scaled(c.g.model.life(q.name))
	case nxDomain:
		c.known[q] = c.at + c.g.scaled(c.g.model.NegativeLife)
	}
	if q.kind == oneTime {
		delete(c.known, q)
	}
}
