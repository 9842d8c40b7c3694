// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// stampForm is the form of the times of records.
const stampForm = "2006-01-02T15:04:05.0000000Z"

// Unpack returns the records that a packed record of asimdns stands for, as attributes: by the form that docs/records.md defines, and like the function
// WinnetDns of deploy/sentinel. Another record is returned as it is. A record of an exchange that was not summed has the field New.
func Unpack(t testing.TB, record map[string]any) (records []map[string]any) {
	t.Helper()
	fields, _ := record["AdditionalFields"].(map[string]any)
	sums, ok := fields["Sums"].([]any)
	if !ok {
		return []map[string]any{record}
	}
	texts, _ := fields["SumsTexts"].([]any)
	started, err := time.Parse(time.RFC3339Nano, record["EventStartTime"].(string))
	require.NoError(t, err)
	u := unpacking{t: t, row: record, fields: fields, texts: texts, base: started.Truncate(time.Millisecond)}
	for _, group := range sums {
		records = append(records, u.group(group.([]any))...)
	}
	return records
}

// UnpackRecord is Unpack for a log record.
func UnpackRecord(t testing.TB, lr plog.LogRecord) (records []plog.LogRecord) {
	t.Helper()
	for _, raw := range Unpack(t, lr.Attributes().AsRaw()) {
		one := plog.NewLogRecord()
		lr.CopyTo(one)
		require.NoError(t, one.Attributes().FromRaw(raw))
		records = append(records, one)
	}
	return records
}

type unpacking struct {
	t           testing.TB
	row, fields map[string]any
	texts       []any
	base        time.Time
}

// text returns a text, or the one that a number refers to. 0 is none.
func (u *unpacking) text(v any) string {
	if n, ok := v.(int64); ok {
		if n == 0 {
			return ""
		}
		return u.texts[n-1].(string)
	}
	return v.(string)
}

func (u *unpacking) group(g []any) (records []map[string]any) {
	details, flags, suffix := u.text(g[0]), u.text(g[1]), u.text(g[2])
	common := map[string]any{}
	for name, v := range u.row {
		common[name] = v
	}
	put(common, "EventResultDetails", details)
	put(common, "DnsFlags", flags)
	put(common, "EventResult", map[string]string{"": "", "NA": "NA", "NOERROR": "Success"}[details])
	if details != "" && details != "NA" && details != "NOERROR" {
		common["EventResult"] = "Failure"
	}
	delete(common, "EventOriginalUid")
	if len(g) > 6 {
		for name, v := range g[6].(map[string]any) {
			common[name] = v
		}
	}
	fields := map[string]any{}
	merge(fields, u.fields)
	of, _ := g[3].(map[string]any)
	for name, v := range of {
		if fields[name] = v; v == int64(0) {
			fields[name] = suffix
		}
	}
	delete(fields, "Sums")
	delete(fields, "SumsTexts")
	delete(fields, "SumsAnswers")
	start := u.base
	starts, items := g[4].([]any), g[5].([]any)
	require.Len(u.t, items, len(starts))
	for i := range items {
		start = start.Add(time.Duration(starts[i].(int64)) * time.Millisecond)
		record := map[string]any{}
		merge(record, common)
		more := map[string]any{}
		merge(more, fields)
		u.item(record, more, suffix, start, items[i].([]any))
		delete(record, "AdditionalFields")
		if len(more) > 0 {
			record["AdditionalFields"] = more
		}
		records = append(records, record)
	}
	return records
}

// item adds what an item says.
func (u *unpacking) item(record, more map[string]any, suffix string, start time.Time, item []any) {
	if own, ok := item[len(item)-1].(map[string]any); ok {
		merge(more, own)
		item = item[:len(item)-1]
	}
	name := u.text(item[0])
	if suffix != "" {
		name += "." + suffix
	}
	put(record, "DnsQuery", name)
	put(record, "DnsQueryTypeName", u.text(item[1]))
	if len(item) > 2 {
		var answers []any
		var texts []string
		several, ok := item[2].([]any)
		if !ok {
			several = []any{item[2]}
		}
		for _, answer := range several {
			if text := u.text(answer); text != "" {
				answers, texts = append(answers, text), append(texts, text)
			}
		}
		if answers != nil {
			more["DnsAnswers"] = answers
		}
		if u.fields["SumsAnswers"] != nil {
			put(record, "DnsResponseName", strings.Join(texts, ";"))
		}
	}
	n := [9]int64{1: 1}
	for i := 3; i < len(item); i++ {
		n[i-3] = item[i].(int64)
	}
	duration, count := n[0], n[1]
	if duration >= 0 {
		record["DnsNetworkDuration"] = duration
	}
	end := start.Add(time.Duration(max(0, duration)) * time.Millisecond)
	record["EventCount"] = max(1, count)
	if count > 1 {
		u.sums(more, n)
		end = end.Add(time.Duration(max(0, n[2])+n[6]) * time.Millisecond)
	} else {
		if n[2] != 0 {
			record["SrcPortNumber"] = n[2]
		}
		if n[3] != 0 {
			record["TransactionIdHex"] = fmt.Sprintf("%04x", n[3]-1)
		}
		end = end.Add(time.Duration(n[4]) * time.Millisecond)
	}
	if count == 0 {
		more["New"] = true
	}
	record["EventStartTime"], record["EventEndTime"] = start.UTC().Format(stampForm), end.UTC().Format(stampForm)
}

// sums adds the sums of several exchanges.
func (u *unpacking) sums(more map[string]any, n [9]int64) {
	duration, count, gap, square := n[0], n[1], n[2], n[3]
	if gap >= 0 {
		more["GapSum"] = gap
		if count == 2 && square == 0 {
			square = gap * gap
		}
	}
	if square >= 0 {
		more["GapSquareSum"] = square
	}
	if duration >= 0 {
		more["DnsNetworkDurationMin"], more["DnsNetworkDurationMax"] = duration-n[4], duration+n[5]
	}
	if n[7] > 0 {
		more["RecursionExchanges"], more["RecursionCount"] = n[7], n[8]
	}
}

func put(to map[string]any, name, text string) {
	if delete(to, name); text != "" {
		to[name] = text
	}
}

func merge(to map[string]any, from any) {
	m, _ := from.(map[string]any)
	for name, v := range m {
		to[name] = v
	}
}

// Comparable returns a record as JSON text without what packing leaves out: EventOriginalUid, and what of times is below a millisecond. The times are
// apart.
func Comparable(t testing.TB, record map[string]any) (text string, start, end time.Time) {
	t.Helper()
	rest := map[string]any{}
	merge(rest, record)
	at := func(name string) time.Time {
		stamp, err := time.Parse(time.RFC3339Nano, rest[name].(string))
		require.NoError(t, err)
		delete(rest, name)
		return stamp.Truncate(time.Millisecond)
	}
	start, end = at("EventStartTime"), at("EventEndTime")
	delete(rest, "EventOriginalUid")
	if fields, ok := rest["AdditionalFields"].(map[string]any); ok {
		of := map[string]any{}
		merge(of, fields)
		delete(of, "New")
		if rest["AdditionalFields"] = of; len(of) == 0 {
			delete(rest, "AdditionalFields")
		}
	}
	var b strings.Builder
	require.NoError(t, json.NewEncoder(&b).Encode(rest))
	return b.String(), start, end
}
