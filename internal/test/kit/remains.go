// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// OTLP returns all that a sink has received, as OTLP in its binary form, without the times: the eight bytes of a clock's time hold the four
// of some address now and then.
func OTLP(t testing.TB, sink *consumertest.LogsSink) (all []byte) {
	t.Helper()
	for _, received := range sink.AllLogs() {
		logs := plog.NewLogs()
		received.CopyTo(logs)
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					lr.SetTimestamp(0)
					lr.SetObservedTimestamp(0)
				}
			}
		}
		raw, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
		require.NoError(t, err)
		all = append(all, raw...)
	}
	return all
}

// MetricsOTLP is OTLP for metrics.
func MetricsOTLP(t testing.TB, sink *consumertest.MetricsSink) (all []byte) {
	t.Helper()
	for _, metrics := range sink.AllMetrics() {
		raw, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(metrics)
		require.NoError(t, err)
		all = append(all, raw...)
	}
	return all
}

// Remains returns the values of which a form is found in output: of an address its text, also with hyphens or backwards, and its bytes,
// also in hexadecimal; of any value its text, also in UTF-16; of a name also its wire form. Case does not count. Digits within longer
// numbers are none. A value has at least three characters.
func Remains(output []byte, values []string) (found []string) {
	type form struct {
		text  string
		value int
	}
	heads := map[[4]byte][]form{} // by the first bytes
	for i, value := range values {
		for _, text := range forms(value) {
			head := [4]byte([]byte(text)[:4])
			heads[head] = append(heads[head], form{text, i})
		}
	}
	output = lower(output)
	seen := map[int]bool{}
	for at := 0; at+4 <= len(output); at++ {
		for _, f := range heads[[4]byte(output[at:])] {
			end := at + len(f.text)
			if end > len(output) || string(output[at:end]) != f.text {
				continue
			}
			first, last := f.text[0], f.text[len(f.text)-1]
			if !isDigit(first) || !isDigit(last) || (at == 0 || !isDigit(output[at-1])) && (end == len(output) || !isDigit(output[end])) {
				seen[f.value] = true
			}
		}
	}
	for i, value := range values {
		if seen[i] {
			found = append(found, value)
		}
	}
	return found
}

// forms returns the forms of a value, in lower case.
func forms(value string) []string {
	text := string(lower([]byte(value)))
	all := []string{text}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	all = append(all, string(wide))
	if addr, err := netip.ParseAddr(value); err == nil {
		raw := addr.AsSlice()
		all = append(all, hex.EncodeToString(raw), string(lower(raw)))
		if addr.Is4() {
			back := []string{}
			for _, b := range slices.Backward(raw) {
				back = append(back, strconv.Itoa(int(b)))
			}
			all = append(all, strings.ReplaceAll(text, ".", "-"), strings.Join(back, "."))
		}
		return all
	}
	wire := ""
	for label := range strings.SplitSeq(text, ".") {
		wire += string(rune(len(label)&0x7f)) + label
	}
	return append(all, wire)
}

// lower returns bytes with their ASCII letters in lower case. Unlike bytes.ToLower it keeps all others: addresses are no valid UTF-8.
func lower(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
