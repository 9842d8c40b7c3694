// SPDX-License-Identifier: Apache-2.0

// Label selectors, in the syntax and with the semantics of Hubble's filters (pkg/hubble/filters/labelparser.go and pkg/k8s/slim's labels, Cilium
// 1.20.1): those of Kubernetes, with a label's source before its key. Kubernetes' own package is not used, since no part of it may be linked.

package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// selector selects ends by their labels. All requirements must hold; without one, it selects every end.
type selector []requirement

// requirement is one requirement of a label.
type requirement struct {
	source, key string // the source any stands for every source
	cidr        netip.Prefix
	operator    string   // in, notin, exists, lacks, > or <
	values      []string // of in and notin
	number      int64    // of > and <
}

// The operators without a symbol of their own.
const (
	in     = "in"
	notIn  = "notin"
	exists = "exists"
	lacks  = "lacks"
)

// matches reports whether the selector selects an end with the labels.
func (s selector) matches(labels []string) bool {
	for i := range s {
		if !s[i].matches(labels) {
			return false
		}
	}
	return true
}

func (r *requirement) matches(labels []string) bool {
	value, found := r.find(labels)
	switch r.operator {
	case in:
		return found && slices.Contains(r.values, value)
	case notIn:
		return !found || !slices.Contains(r.values, value)
	case exists:
		return found
	case lacks:
		return !found
	}
	number, err := strconv.ParseInt(value, 10, 64)
	return found && err == nil && (r.operator == ">" && number > r.number || r.operator == "<" && number < r.number)
}

// find returns the value of the first label with the requirement's key. Of networks, the key also finds those inside its own.
func (r *requirement) find(labels []string) (value string, found bool) {
	for _, text := range labels {
		source, key, value := splitLabel(text)
		switch {
		case r.source != anySource && r.source != source:
		case r.source == cidrSource:
			network, ok := cidrOf(key)
			if ok && r.cidr.IsValid() && r.cidr.Bits() <= network.Bits() && r.cidr.Contains(network.Addr()) {
				return value, true
			}
		case r.key == key:
			return value, true
		}
	}
	return "", false
}

// Sources of labels.
const (
	anySource      = "any"
	cidrSource     = "cidr"
	reservedSource = "reserved"
)

// splitLabel splits a label, source:key=value.
func splitLabel(text string) (source, key, value string) {
	rest := text
	if strings.HasPrefix(text, "$") {
		source, rest = reservedSource, text[1:]
	} else if before, after, ok := strings.Cut(text, ":"); ok {
		source, rest = before, after
	}
	if source == reservedSource && strings.HasPrefix(rest, "=") {
		return source, rest[1:], ""
	}
	key, value, _ = strings.Cut(rest, "=")
	return source, key, value
}

// cidrOf reads the network that is the key of a label. Keys have - in place of :.
func cidrOf(key string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(strings.ReplaceAll(key, "-", ":"))
	return network, err == nil
}

// labelSelector reads a selector, such as "app=cart", "k8s:tier in (front, back)" or "!any:debug".
func labelSelector(text string) ([]selector, error) {
	p := selectorParser{tokens: tokensOf(withSources(text))}
	s, err := p.parse()
	if err != nil {
		return nil, fmt.Errorf("%q is no label selector: %w; want one such as app=cart, k8s:tier in (front, back) or !debug", text, err)
	}
	return []selector{s}, nil
}

// withSources gives each key of a selector its source, separated by a dot, since Kubernetes' selectors have no colon: "k8s:app" is "k8s.app", and
// "app" is "any.app".
func withSources(text string) string {
	var out strings.Builder
	for rest := text; rest != ""; {
		begin := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsSpace(r) && r != '!' })
		if begin < 0 {
			begin = len(rest)
		}
		out.WriteString(rest[:begin])
		rest = rest[begin:]
		end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("=!,", r) })
		if end < 0 {
			end = len(rest)
		}
		key := rest[:end]
		if !strings.Contains(key, ":") {
			key = anySource + ":" + key
		}
		out.WriteString(strings.Replace(key, ":", ".", 1))
		rest = rest[end:]
		next := nextRequirement(rest)
		out.WriteString(rest[:next])
		rest = rest[next:]
	}
	return out.String()
}

// nextRequirement returns the length of what is left of a requirement behind its key, with the comma.
func nextRequirement(text string) int {
	depth := 0
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			return i + 1
		}
	}
	return len(text)
}

// token is a word or a symbol of a selector.
type token struct {
	text string
	word bool
}

// endToken ends a selector.
var endToken = token{}

func (t token) String() string {
	if t == endToken {
		return "its end"
	}
	return strconv.Quote(t.text)
}

// tokensOf returns the tokens of a selector.
func tokensOf(text string) (tokens []token) {
	const spaces, symbols = " \t\r\n", "=!(),><"
	for {
		text = strings.TrimLeft(text, spaces)
		switch {
		case text == "":
			return append(tokens, endToken)
		case strings.HasPrefix(text, "=="), strings.HasPrefix(text, "!="):
			tokens, text = append(tokens, token{text: text[:2]}), text[2:]
		case strings.ContainsRune(symbols, rune(text[0])):
			tokens, text = append(tokens, token{text: text[:1]}), text[1:]
		default:
			end := strings.IndexAny(text, spaces+symbols)
			if end < 0 {
				end = len(text)
			}
			tokens, text = append(tokens, token{text[:end], true}), text[end:]
		}
	}
}

// selectorParser reads a selector's tokens. The last one is endToken.
type selectorParser struct{ tokens []token }

// next takes a token. The last one stays.
func (p *selectorParser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is reports whether the next token is a symbol.
func (p *selectorParser) is(symbol string) bool { return p.tokens[0] == token{text: symbol} }

func (p *selectorParser) parse() (s selector, err error) {
	if p.tokens[0] == endToken {
		return nil, nil
	}
	for {
		r, err := p.requirement()
		if err != nil {
			return nil, err
		}
		s = append(s, r)
		switch t := p.next(); t {
		case endToken:
			return s, nil
		case token{text: ","}:
		default:
			return nil, fmt.Errorf("it has %s where a comma or its end is expected", t)
		}
	}
}

// requirement reads one requirement.
func (p *selectorParser) requirement() (r requirement, err error) {
	r.operator = exists
	if p.is("!") {
		p.next()
		r.operator = lacks
	}
	key := p.next()
	if !key.word {
		return r, fmt.Errorf("it has %s where a key is expected", key)
	}
	if !isLabelKey(key.text) {
		return r, fmt.Errorf("%q is no key of a label with its source", key.text)
	}
	r.source, r.key, _ = strings.Cut(key.text, ".")
	if r.source == cidrSource {
		r.cidr, _ = cidrOf(r.key)
	}
	if r.operator == lacks || p.is(",") || p.tokens[0] == endToken {
		return r, nil
	}
	switch t := p.next(); {
	case t.word && (t.text == in || t.text == notIn):
		r.operator = t.text
		r.values, err = p.list()
	case t.word:
		return r, fmt.Errorf("it has %s where an operator is expected: =, ==, !=, in, notin, > or <", t)
	case t.text == "=", t.text == "==", t.text == "!=", t.text == ">", t.text == "<":
		r.operator = map[string]string{"=": in, "==": in, "!=": notIn, ">": ">", "<": "<"}[t.text]
		r.values, err = p.value()
	default:
		return r, fmt.Errorf("it has %s where an operator is expected: =, ==, !=, in, notin, > or <", t)
	}
	if err != nil {
		return r, err
	}
	if r.operator == ">" || r.operator == "<" {
		if r.number, err = strconv.ParseInt(r.values[0], 10, 64); err != nil {
			return r, fmt.Errorf("%q is no whole number, which %s needs", r.values[0], r.operator)
		}
	}
	for _, value := range r.values {
		if !isLabelValue(value) {
			return r, fmt.Errorf("%q is no value of a label", value)
		}
	}
	return r, nil
}

// value reads the value after a symbol, which may be empty.
func (p *selectorParser) value() ([]string, error) {
	if p.tokens[0] == endToken || p.is(",") {
		return []string{""}, nil
	}
	t := p.next()
	if !t.word {
		return nil, fmt.Errorf("it has %s where a value is expected", t)
	}
	return []string{t.text}, nil
}

// list reads the values in parentheses after in and notin. Between two commas, and between a comma and a parenthesis, is an empty one.
func (p *selectorParser) list() (values []string, err error) {
	if t := p.next(); t != (token{text: "("}) {
		return nil, fmt.Errorf("it has %s where a parenthesis is expected", t)
	}
	for {
		value := ""
		if p.tokens[0].word {
			value = p.next().text
		}
		values = append(values, value)
		switch t := p.next(); t {
		case token{text: ")"}:
			return values, nil
		case token{text: ","}:
		case endToken:
			return nil, errors.New("a parenthesis is not closed")
		default:
			return nil, fmt.Errorf("it has %s where a comma or a parenthesis is expected", t)
		}
	}
}

// The texts that Kubernetes takes as keys and values of labels.
var (
	labelName   = regexp.MustCompile(`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`)
	labelPrefix = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

const (
	maxLabelName   = 63
	maxLabelPrefix = 253
)

// isLabelKey reports whether a text is a key: a name, or a domain, a slash and a name.
func isLabelKey(text string) bool {
	if prefix, name, ok := strings.Cut(text, "/"); ok {
		if len(prefix) > maxLabelPrefix || !labelPrefix.MatchString(prefix) {
			return false
		}
		text = name
	}
	return len(text) <= maxLabelName && labelName.MatchString(text)
}

func isLabelValue(text string) bool {
	return text == "" || len(text) <= maxLabelName && labelName.MatchString(text)
}
