// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Secrets are texts of the host that a report without data must not have, by what stands for each: its name, its user and the like.
type Secrets map[string]string

var (
	addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]*[.:][0-9A-Fa-f:.]+`)
	anySID      = regexp.MustCompile(`(?i)\bS-1-(0x[0-9a-f]+|\d+)(-\d+)*`)
	wellKnown   = regexp.MustCompile(`^S-1-([0-4]-\d+|5-\d{1,3}|5-32-\d+|5-64-\d+|15-2-[12]|16-\d+)$`)
	hardware    = regexp.MustCompile(`\b[0-9A-Fa-f]{2}([-:][0-9A-Fa-f]{2}){5}\b`)
	profile     = regexp.MustCompile(`(?i)([\\/])(Users|Profiles|Documents and Settings)[\\/][^\\/"']+`)
)

// everyHost has names that every Windows has. They identify nobody, and messages have them as words.
var everyHost = []string{"administrator", "system", "public", "default"}

// text replaces what identifies the host, its users and its network.
func (s Secrets) text(text string) string {
	words := make([]string, 0, len(s))
	for word := range s {
		if len(word) >= 2 && !slices.Contains(everyHost, strings.ToLower(word)) {
			words = append(words, word)
		}
	}
	sort.Slice(words, func(i, j int) bool {
		return len(words[i]) > len(words[j]) || len(words[i]) == len(words[j]) && words[i] < words[j]
	}) // a full name before its part
	for _, word := range words {
		text = regexp.MustCompile(`(?i)(^|[^0-9A-Za-z_-])`+regexp.QuoteMeta(word)+`($|[^0-9A-Za-z_-])`).ReplaceAllString(text, "${1}<"+s[word]+">${2}")
	}
	text = anySID.ReplaceAllStringFunc(text, func(sid string) string {
		parts := strings.Split(strings.ToUpper(sid), "-")
		if wellKnown.MatchString(strings.Join(parts, "-")) {
			return sid
		}
		return strings.Join(parts[:min(4, max(len(parts)-1, 3))], "-") + "-<account>" // the authority and the kind of account stay
	})
	text = hardware.ReplaceAllString(text, "<hardware address>")
	text = profile.ReplaceAllString(text, "${1}${2}${1}<user>")
	return addressLike.ReplaceAllStringFunc(text, func(token string) string {
		bare := strings.TrimRight(token, ".:")
		if _, err := netip.ParseAddr(bare); err == nil {
			return "<address>" + token[len(bare):]
		}
		if _, err := netip.ParseAddrPort(bare); err == nil {
			return "<address>" + token[len(bare):]
		}
		return token
	})
}

// scrub removes what identifies the host from all that the probe found.
func (r *Result) scrub(s Secrets) {
	r.Found = s.text(r.Found)
	for key, value := range r.Evidence {
		r.Evidence[key] = s.value(value)
	}
}

// value returns a copy of the value in which every text is scrubbed, at any depth. Fields that are not exported stay empty: JSON has none.
func (s Secrets) value(v any) any {
	if v == nil {
		return nil
	}
	return s.walk(reflect.ValueOf(v)).Interface()
}

func (s Secrets) walk(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		c.SetString(s.text(v.String()))
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return v
		}
		inner := s.walk(v.Elem())
		if v.Kind() == reflect.Pointer {
			p := reflect.New(inner.Type())
			p.Elem().Set(inner)
			inner = p
		}
		c.Set(inner)
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(s.walk(v.Index(i)))
		}
	case reflect.Array:
		for i := range v.Len() {
			c.Index(i).Set(s.walk(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		c.Set(reflect.MakeMap(v.Type()))
		for all := v.MapRange(); all.Next(); {
			c.SetMapIndex(s.walk(all.Key()), s.walk(all.Value()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(s.walk(v.Field(i)))
			}
		}
	default:
		return v
	}
	return c
}
