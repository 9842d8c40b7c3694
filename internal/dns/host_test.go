// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

func TestTheHostsFieldListWinsAndIsAskedForOnce(t *testing.T) {
	d := NewDecoder(Server())
	embedded := d.catalog.Candidates(256, 0)[0]
	asked, told := map[uint16]int{}, map[uint16]error{}
	errNo := errors.New("no")
	d.UseHost(func(r *etw.Record) (*schema.Template, error) {
		asked[r.ID]++
		switch r.ID {
		case 256: // as embedded
			return &schema.Template{ID: 256, Fields: embedded.Fields}, nil
		case 257, 60000:
			return &schema.Template{ID: r.ID, Name: "NEW", Fields: []schema.Field{
				{Name: "Fresh", Type: schema.U8, LengthField: -1}, {Name: "QNAME", Type: schema.ANSI, LengthField: -1},
			}}, nil
		case 258:
			return nil, errNo
		}
		return nil, nil
	}, func(r *etw.Record, _ *schema.Template, err error) { told[r.ID] = err })

	var e Event
	for range 3 {
		for _, id := range []uint16{256, 257, 258, 259, 60000} {
			e.Record = etw.Record{Provider: d.Provider.GUID, ID: id, UserData: []byte("\x07example.com.\x00")}
			d.Decode(&e)
			name, ok := e.Text(nil, QueryName)
			if id == 257 || id == 60000 {
				require.True(t, e.Decoded().Exact, "event %d", id)
				require.True(t, ok)
				require.Equal(t, "example.com.", string(name))
			}
		}
	}
	require.Equal(t, map[uint16]int{256: 1, 257: 1, 258: 1, 259: 1, 60000: 1}, asked)
	require.Equal(t, map[uint16]error{257: nil, 258: errNo, 60000: nil}, told)
	require.Same(t, embedded, d.catalog.Candidates(256, 0)[0])
}

func TestAnErrorOfTheHostIsTransient(t *testing.T) {
	d := NewDecoder(Server())
	errNo := errors.New("no")
	asks, fails, told := 0, 2, 0
	d.UseHost(func(r *etw.Record) (*schema.Template, error) {
		if asks++; asks <= fails {
			return nil, errNo
		}
		return &schema.Template{ID: r.ID, Fields: []schema.Field{{Name: "QNAME", Type: schema.ANSI, LengthField: -1}}}, nil
	}, func(_ *etw.Record, _ *schema.Template, err error) {
		if err != nil {
			told++
		}
	})
	const minute = 600_000_000
	var e Event
	for _, step := range []struct {
		at   int64
		asks int
	}{{1000, 1}, {1000 + minute - 1, 1}, {1000 + minute, 2}, {1000 + minute + 1, 2}, {1000, 3}, {1000 + 9*minute, 3}} {
		e.Record = etw.Record{Provider: d.Provider.GUID, ID: 256, TimeStamp: step.at, UserData: []byte("a.example.\x00")}
		d.Decode(&e)
		require.Equal(t, step.asks, asks, "at %d", step.at)
	}
	require.Equal(t, 1, told, "the same error is said once")
	require.True(t, e.Decoded().Exact)
	name, ok := e.Text(nil, QueryName)
	require.True(t, ok)
	require.Equal(t, "a.example.", string(name))
}
