// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// changed makes an event like event does, in a layout that nobody knows.
func (m maker) changed(id uint16, after time.Duration, fields map[string]any, change func(data []byte) []byte) (*dns.Event, []byte) {
	m.t.Helper()
	e, _ := m.event(id, after, fields)
	r := e.Record
	r.UserData = change(append([]byte(nil), r.UserData...))
	wire, err := r.Append(nil)
	require.NoError(m.t, err)
	e = &dns.Event{}
	require.NoError(m.t, e.Parse(wire))
	m.decoder.Decode(e)
	require.True(m.t, e.LayoutUnknown())
	return e, wire
}

// exchanged are the fields of a query or response with its packet: of www.contoso.com from 10.1.4.21, port 57943, id 0x7653.
func exchanged(id uint16) map[string]any {
	packet := []byte("\x76\x53\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07contoso\x03com\x00\x00\x01\x00\x01")
	fields := map[string]any{"InterfaceIP": "10.1.4.1", "QNAME": "www.contoso.com.", "QTYPE": 1, "XID": 0x7653, "Port": 57943, "Flags": 0x0100}
	if id == 256 {
		fields["Source"] = "10.1.4.21"
	} else {
		packet[2], packet[3] = 0x81, 0x80
		fields["Destination"], fields["Flags"] = "10.1.4.21", 0x8180
	}
	fields["PacketData"] = packet
	return fields
}

var longer = func(data []byte) []byte { return append(data, 1, 2, 3, 4) }

func TestAnEventOfAnUnknownLayoutFindsItsOtherByWhatItsPacketConfirms(t *testing.T) {
	m := server(t)
	for _, c := range []struct {
		name               string
		asks, answers      func([]byte) []byte
		otherPort, otherID bool
		want               Verdict
	}{
		{"query", longer, nil, false, false, Answer},
		{"response", nil, longer, false, false, Answer},
		{"both", longer, longer, false, false, Answer},
		{"another port", longer, longer, true, false, Held},
		{"another id", longer, longer, false, true, Held},
	} {
		corr := correlator(10 * time.Second)
		add := func(id uint16, after time.Duration, fields map[string]any, change func([]byte) []byte) Decision {
			e, raw := m.event(id, after, fields)
			if change != nil {
				e, raw = m.changed(id, after, fields, change)
			}
			corr.Clock.Event(etw.UnixNano(e.TimeStamp))
			return corr.Add(e, raw, 1)
		}
		require.Equal(t, Held, add(256, 0, exchanged(256), c.asks).Verdict, c.name)
		answer := exchanged(257)
		if c.otherPort {
			answer["Port"] = 57944
		}
		if c.otherID {
			answer["XID"] = 0x7654
			answer["PacketData"].([]byte)[1] = 0x54
		}
		d := add(257, time.Second, answer, c.answers)
		require.Equal(t, c.want, d.Verdict, c.name)
		if c.want == Answer {
			require.Equal(t, start.UnixNano(), d.Start, c.name)
			continue
		}
		corr.Clock.Silence(10 * time.Minute)
		require.True(t, corr.Due())
		require.False(t, corr.PopOldest(true).Unanswered, "%s: its response may have a GUID that neither can be found by", c.name)
		require.Zero(t, corr.Untied())
	}
}

func TestAnEventWithNothingCertainIsTiedToNoneAndMakesNoQueryAFailure(t *testing.T) {
	m := server(t)
	unreadable := func([]byte) []byte { return []byte{1, 2} }
	corr := correlator(10 * time.Second)
	add := func(e *dns.Event, raw []byte) Verdict {
		corr.Clock.Event(etw.UnixNano(e.TimeStamp))
		return corr.Add(e, raw, 1).Verdict
	}
	require.Equal(t, Held, add(m.event(256, 0, query("a.example", "GUID", "{BF629903-4288-435F-9182-470BEDF5C0A4}"))))
	require.Equal(t, Pass, add(m.changed(256, 0, exchanged(256), unreadable)))
	require.Equal(t, Pass, add(m.changed(257, time.Second, exchanged(257), unreadable)), "whose is it?")
	require.Equal(t, Held, add(m.event(256, 2*time.Second, query("b.example", "GUID", "{BF629903-4288-435F-9182-470BEDF5C0A5}"))))
	require.Equal(t, int64(2), corr.Untied())
	corr.Clock.Silence(10 * time.Minute)
	for _, unanswered := range []bool{false, true} {
		require.True(t, corr.Due())
		popped := corr.PopOldest(true)
		require.Equal(t, unanswered, popped.Unanswered)
		corr.Release(popped)
	}

	// The next file is of another server.
	corr.Forget()
	require.Equal(t, Held, add(m.event(256, 0, query("a.example", "GUID", "{BF629903-4288-435F-9182-470BEDF5C0A4}"))))
	corr.Clock.Silence(10 * time.Minute)
	require.True(t, corr.PopOldest(true).Unanswered)
}

func TestAClientsEventOfAnUnknownLayoutIsTiedToNone(t *testing.T) {
	m, corr := client(t), correlator(10*time.Second)
	e, raw := m.changed(3006, 0, map[string]any{"QueryName": "a.example", "QueryType": 1}, longer)
	require.Equal(t, Pass, corr.Add(e, raw, 1).Verdict)
	require.Equal(t, int64(1), corr.Untied())
}
