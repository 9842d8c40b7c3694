// SPDX-License-Identifier: Apache-2.0

// The scenario's pod traffic.

package incident

import (
	"fmt"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// pod returns a pod of this node with a number.
func pod(n int) Pod {
	return Pod{fmt.Sprintf("10.244.1.%d", 100+n), uint32(30000 + n), uint16(4000 + n)}
}

// remote returns a pod of another node.
func remote(n int) Pod {
	return Pod{fmt.Sprintf("10.244.%d.%d", 3+n/200, 1+n%200), uint32(50000 + n), 0}
}

// outside returns a host of the world.
func outside(address string) Pod { return Pod{address, identityWorld, 0} }

// connect adds a connection that passes.
func (w *world) connect(at time.Duration, from, to Pod, port uint16) {
	w.node.at = at
	w.node.connection(from, to, port, w.between(100, 900), w.between(100, 900))
}

func (w *world) traffic() {
	for range 400 { // the usual traffic; the server's replies go to many ports
		w.connect(w.moment(time.Minute, ScenarioSpan), Shop(), Cart(), 8080)
		w.connect(w.moment(time.Minute, ScenarioSpan), Cart(), Orders(), 5432)
	}
	w.near("scans", Cart().Address, "ports", Shop().Address)
	w.connect(w.early(), Shop(), Update(), 443)
	w.connect(w.late(), Shop(), Update(), 443)
	w.refusals()
	w.spreads()
	w.contacts()
	w.uploads()
}

// refusals: 20 to 30 packets that a policy denies, with and without a drop notification. Near misses: 8 or 9 of them; 20 to 30 that are dropped for another
// reason.
func (w *world) refusals() {
	const invalidSource, fileLXC = 132, 2
	deny := func(from Pod, n int) {
		for range n {
			w.node.at = w.late()
			w.node.denied(from, Orders(), 5432)
		}
	}
	deny(pod(1), w.between(20, 30))
	w.plant("denied-traffic", pod(1).Address, Orders().Address, 5432)
	deny(pod(2), w.between(8, 9))
	w.near("denied-traffic", pod(2).Address, Orders().Address, 5432)
	verdicts := func(from Pod, n int) {
		for range n {
			w.node.at = w.late()
			w.node.verdict(from, Orders(), 5432)
		}
	}
	verdicts(pod(20), w.between(20, 30))
	w.plant("denied-traffic", pod(20).Address, Orders().Address, 5432)
	verdicts(pod(21), w.between(8, 9))
	w.near("denied-traffic", pod(21).Address, Orders().Address, 5432)
	for i := range w.between(20, 30) {
		w.node.at = w.late()
		p := packet(way{pod(3), Orders(), 0}, uint16(50000+i), 5432, mt.SYN, 0)
		w.node.tell(mt.Drop{Capture: captured(pod(3).Endpoint, p), Version: 1, Reason: invalidSource, SrcLabel: pod(3).Identity, Line: 90, File: fileLXC}.Bytes())
	}
	w.near("denied-traffic", pod(3).Address, Orders().Address, 5432)
}

// spreads: administrative connections to 6 to 12 pods; 35 to 45 ports of a pod; a port of 35 to 45 pods. Near misses: 4; 12 pods at another port; 16 to 18
// ports; 16 to 18 pods; replies to 30 ports of a client, below 32,768 and, without a word of the datapath that they are replies, above.
func (w *world) spreads() {
	administrative := []uint16{22, 445, 3389, 5985}
	for i := range w.between(6, 12) {
		w.connect(w.late(), pod(4), remote(i), administrative[w.IntN(len(administrative))])
	}
	w.plant("lateral-movement", pod(4).Address)
	for i := range 10 {
		w.connect(w.late(), pod(5), remote(i%4), 22)
	}
	w.near("lateral-movement", pod(5).Address)
	for i := range 12 {
		w.connect(w.late(), pod(6), remote(i), 8443)
	}
	w.near("lateral-movement", pod(6).Address)

	ports := func(from Pod, n int) {
		for i := range n {
			w.node.at = w.late()
			w.node.denied(from, Orders(), uint16(1000+i))
		}
	}
	ports(pod(7), w.between(35, 45))
	w.plant("scans", pod(7).Address, "ports", Orders().Address)
	ports(pod(8), w.between(16, 18))
	w.near("scans", pod(8).Address, "ports", Orders().Address)
	hosts := func(from Pod, n int) {
		for i := range n {
			w.connect(w.late(), from, remote(100+i), 9200)
		}
	}
	hosts(pod(9), w.between(35, 45))
	w.plant("scans", pod(9).Address, "addresses", 9200)
	hosts(pod(10), w.between(16, 18))
	w.near("scans", pod(10).Address, "addresses", 9200)

	const invalidSource, fileLXC = 132, 2
	for i := range uint16(30) {
		w.node.at = w.late()
		w.node.connectionFrom(20_000+i, pod(22), pod(23), 8080, 100, 100)
		w.node.at = w.late()
		p := packet(way{pod(24), pod(25), 0}, 8080, 50_000+i, mt.ACK, 0)
		w.node.tell(mt.Drop{Capture: captured(pod(24).Endpoint, p), Version: 1, Reason: invalidSource, SrcLabel: pod(24).Identity, Line: 90, File: fileLXC}.Bytes())
	}
	w.near("scans", pod(23).Address, "ports", pod(22).Address)
	w.near("scans", pod(24).Address, "ports", pod(25).Address)
}

// contacts: an address outside after 66 of the 120 minutes, also at a port from which others open connections; a public resolver at port 443. Near misses: the
// first connection is after 50 to 54; the address connects to a pod, from a low port; the resolver at port 53, and another address at 443.
func (w *world) contacts() {
	for i := range 2 {
		late, soon := outside(fmt.Sprintf("203.0.113.%d", 130+w.IntN(30)*2+i)), outside(fmt.Sprintf("192.0.2.%d", 110+i))
		for range 3 {
			w.connect(w.moment(surelyNew, ScenarioSpan), pod(11), late, 443)
			w.connect(w.moment(surelyNew, ScenarioSpan), pod(11), soon, 443)
		}
		w.connect(w.moment(nearlyNew, nearlyNew+4*time.Minute), pod(11), soon, 443)
		w.plant("first-contact", late.Address)
		w.near("first-contact", soon.Address)
	}
	high, guest := outside("203.0.113.210"), outside("203.0.113.211")
	for i := range uint16(3) {
		w.connect(w.moment(surelyNew, ScenarioSpan), pod(11), high, 50_443)
		w.node.at = w.moment(surelyNew, ScenarioSpan)
		w.node.connectionFrom(20_000+i, guest, Shop(), 443, 100, 100)
	}
	w.plant("first-contact", high.Address)
	w.near("first-contact", guest.Address)
	for _, address := range []string{"8.8.8.8", "1.1.1.1"} {
		w.connect(w.early(), pod(12), outside(address), 443)
		w.plant("dns-over-https", pod(12).Address, address)
		w.connect(w.early(), pod(13), outside(address), 53)
		w.near("dns-over-https", pod(13).Address, address)
	}
	w.near("dns-over-https", Shop().Address, Update().Address)
}

// uploads: 60 to 120 MB to an address outside, with replies. Each packet is seen at three points. Near misses: 40 to 45 MB; 100 MB with 23 MB in return; 100 MB to
// a pod.
func (w *world) uploads() {
	w.upload(pod(14), Drain(), w.between(1000, 2000), 20)
	w.plant("exfiltration", pod(14).Address, Drain().Address)
	w.upload(pod(15), outside("203.0.113.201"), w.between(670, 750), 5)
	w.near("exfiltration", pod(15).Address, "203.0.113.201")
	w.upload(pod(16), outside("203.0.113.202"), 1700, 385)
	w.near("exfiltration", pod(16).Address, "203.0.113.202")
	w.upload(pod(17), remote(150), 1700, 5)
	w.near("exfiltration", pod(17).Address, remote(150).Address)
}

// upload adds packets of 60 kB to an address and from it, of one connection.
func (w *world) upload(from, to Pod, packets, replies int) {
	const size = 60_000
	w.connect(w.early(), from, to, 443)
	at := w.moment(introducedBy, ScenarioSpan-10*time.Minute)
	there, back := way{from, to, monitor.TraceReasonEstablished}, way{to, from, monitor.TraceReasonReply}
	port := uint16(w.between(49152, 60000))
	w.node.at = at
	for range packets {
		w.node.at += time.Duration(w.IntN(100)) * time.Millisecond
		w.node.pass(there, packet(there, port, 443, mt.ACK|mt.PSH, size))
	}
	w.node.at = at
	for range replies {
		w.node.at += time.Duration(w.IntN(100)) * time.Millisecond
		w.node.pass(back, packet(back, 443, port, mt.ACK|mt.PSH, size))
	}
}
