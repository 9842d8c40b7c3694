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
