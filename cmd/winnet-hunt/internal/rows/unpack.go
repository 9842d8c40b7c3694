// SPDX-License-Identifier: Apache-2.0

// Unpacks packed rows, by the form that docs/records.md defines.

package rows

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

var errPacked = errors.New("AdditionalFields.Sums has another form than docs/records.md defines")

// fields is a JSON object by the names of its members.
type fields = map[string]json.RawMessage

type packing struct {
	k      *sink
	texts  []string
	named  bool           // the answers are also DnsResponseName
	common []driver.Value // of the packed row
	group  []driver.Value // of all items of a group
	start  int64          // of an item, in microseconds since 1970
}

// The places of an item that are numbers, less the first one.
const (
	itemDuration = iota
	itemCount
	item5
	item6
	item7
	item8
	item9
	item10
	item11
	itemNumbers
)

// unpack stores the rows that a packed row stands for. The values are those of the packed row.
func (s *Store) unpack(k *sink, additional []byte) error {
	var packed struct {
		Sums      [][]json.RawMessage
		SumsTexts []string
		// SumsAnswers is set if the answers of an item are its DnsResponseName.
		SumsAnswers *int
	}
	if json.Unmarshal(additional, &packed) != nil {
		return errPacked
	}
	start, ok := k.values[k.table.index["EventStartTime"]].(int64)
	if !ok {
		return errPacked
	}
	const millisecond = 1000
	p := packing{k: k, texts: packed.SumsTexts, named: packed.SumsAnswers != nil, common: slices.Clone(k.values), group: make([]driver.Value, len(k.values))}
	for _, group := range packed.Sums {
		p.start = start - start%millisecond
		if len(group) < 6 {
			return errPacked
		}
		if err := p.unpackGroup(s, group); err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) unpackGroup(s *Store, group []json.RawMessage) error {
	k := p.k
	copy(k.values, p.common)
	details, suffix := p.text(group[0]), p.text(group[2])
	k.set("EventResultDetails", details)
	switch details {
	case "NA":
		k.set("EventResult", "NA")
	case "NOERROR":
		k.set("EventResult", "Success")
	default:
		k.set("EventResult", "Failure")
	}
	if len(group) > 6 {
		if err := k.own(group[6]); err != nil {
			return err
		}
	}
	if group[3][0] == '{' {
		var more fields
		if json.Unmarshal(group[3], &more) != nil {
			return errPacked
		}
		if string(more["Zone"]) == "0" {
			more["Zone"], _ = json.Marshal(suffix)
		}
		k.more(more)
	}
	copy(p.group, k.values)
	var starts []int64
	var items [][]json.RawMessage
	if json.Unmarshal(group[4], &starts) != nil || json.Unmarshal(group[5], &items) != nil || len(starts) != len(items) {
		return errPacked
	}
	for i, item := range items {
		p.start += starts[i] * 1000
		copy(k.values, p.group)
		if err := p.item(item, suffix); err != nil {
			return err
		}
		if err := s.store(k); err != nil {
			return err
		}
	}
	return nil
}

// item sets the values to those of an item.
func (p *packing) item(item []json.RawMessage, suffix string) error {
	k := p.k
	if n := len(item); n > 0 && item[n-1][0] == '{' {
		var more fields
		if json.Unmarshal(item[n-1], &more) != nil {
			return errPacked
		}
		k.more(more)
		item = item[:n-1]
	}
	if len(item) < 2 {
		return errPacked
	}
	name := p.text(item[0])
	if suffix != "" {
		name += "." + suffix
	}
	k.set("DnsQuery", name)
	k.set("DnsQueryTypeName", p.text(item[1]))
	if len(item) > 2 {
		p.answers(item[2])
	}
	n := [itemNumbers]int64{itemCount: 1}
	for i := 3; i < len(item) && i-3 < len(n); i++ {
		var err error
		if n[i-3], err = strconv.ParseInt(string(item[i]), 10, 64); err != nil {
			return errPacked
		}
	}
	end := p.start + 1000*max(0, n[itemDuration])
	if n[itemDuration] >= 0 {
		k.set("DnsNetworkDuration", n[itemDuration])
	}
	k.set("EventCount", max(1, n[itemCount]))
	if n[itemCount] > 1 {
		gap, square := n[item5], n[item6]
		if n[itemCount] == 2 && square == 0 {
			square = gap * gap
		}
		if gap >= 0 {
			k.set("AdditionalFields.GapSum", gap)
		}
		if square >= 0 {
			k.set("AdditionalFields.GapSquareSum", square)
		}
		end += 1000 * (max(0, gap) + n[item9])
	} else {
		end += 1000 * n[item7]
	}
	k.set("EventStartTime", p.start)
	k.set("EventEndTime", end)
	k.set("TimeGenerated", end)
	return nil
}

// answers sets the list of answers.
func (p *packing) answers(v json.RawMessage) {
	var several []json.RawMessage
	if v[0] != '[' || json.Unmarshal(v, &several) != nil {
		several = []json.RawMessage{v}
	}
	var list []string
	for _, answer := range several {
		if s := p.text(answer); s != "" {
			list = append(list, s)
		}
	}
	if list != nil {
		all, _ := json.Marshal(list)
		p.k.set("AdditionalFields.DnsAnswers", string(all))
		if p.named {
			p.k.set("DnsResponseName", strings.Join(list, ";"))
		}
	}
}

// text returns a text, or the one that a number refers to. 0 is none.
func (p *packing) text(v json.RawMessage) string {
	if v[0] == '"' {
		return textOf(v)
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 1 || n > len(p.texts) {
		return ""
	}
	return p.texts[n-1]
}

// set sets the value of a column, if it is stored.
func (k *sink) set(name string, v driver.Value) {
	if field, ok := strings.CutPrefix(name, moreOf); ok {
		k.values[k.table.more[field]] = v
	} else {
		k.values[k.table.index[name]] = v
	}
}

// own sets the columns that an object has.
func (k *sink) own(object json.RawMessage) error {
	if bytes.Equal(object, []byte("0")) {
		return nil
	}
	return members(object, func(key, value []byte) error {
		if i, ok := k.table.index[string(key)]; ok {
			k.put(i, value)
		}
		return nil
	})
}

// more sets the fields of AdditionalFields.
func (k *sink) more(f fields) {
	for name, v := range f {
		if i, ok := k.table.more[name]; ok {
			k.put(i, v)
		}
	}
}
