// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// wire is the size of rows as JSON in calls like the exporter's: at most 1,000 rows and 1 MB in a call, gzip. Empty columns are left out.
type wire struct {
	body *delivery.Body
	rows int // of the call
	size int // bytes of the calls before
}

func newWire() *wire { return &wire{body: delivery.NewBody(delivery.Limits{Raw: 1e6})} }

// add adds a row, with further fields in AdditionalFields if there are any.
func (w *wire) add(r row, additional map[string]string) error {
	const most = 1_000
	columns := make(map[string]any, len(r)+1)
	for name, value := range r {
		if value != "" {
			columns[name] = value
		}
	}
	if len(additional) > 0 {
		columns["AdditionalFields"] = additional
	}
	text, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	if w.rows == most || !w.body.Fits(len(text)) {
		w.end()
	}
	w.body.Add(text)
	w.rows++
	return nil
}

// end ends the last call, and returns the bytes of all.
func (w *wire) end() int {
	if w.rows > 0 {
		w.size += len(w.body.Close())
		w.body.Reset()
		w.rows = 0
	}
	return w.size
}
