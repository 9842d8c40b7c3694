// SPDX-License-Identifier: Apache-2.0

// Package csvfile writes tables as CSV (RFC 4180) that a spreadsheet can open. In come the names of columns and texts, which a stranger may have
// chosen; out comes a file in which no cell is a formula and no character is hidden.
package csvfile

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// Writer writes one table.
type Writer struct {
	csv  *csv.Writer
	line []string
}

// New returns a writer, which has written the names of the columns. Lines end with CR LF.
func New(to io.Writer, columns []string) (*Writer, error) {
	w := &Writer{csv: csv.NewWriter(to)}
	w.csv.UseCRLF = true
	return w, w.Write(columns)
}

// Write writes a row.
func (w *Writer) Write(row []string) error {
	w.line = w.line[:0]
	for _, text := range row {
		w.line = append(w.line, cell(text))
	}
	return w.csv.Write(w.line)
}

// Close writes what is left. It does not close the file.
func (w *Writer) Close() error {
	w.csv.Flush()
	return w.csv.Error()
}

// cell is a text as it stands in a cell. Control and format characters are escaped as on the page. A text that a spreadsheet would take for a formula
// gets an apostrophe before it; a number does not.
func cell(text string) string {
	text = printable.String(text)
	first := strings.TrimLeft(text, " \u00a0\u3000")
	if first == "" || !strings.ContainsRune("=+-@|%＝＋－＠", []rune(first)[0]) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && strings.Trim(text, "-+.0123456789eE") == "" {
		return text
	}
	return "'" + text
}
