// SPDX-License-Identifier: Apache-2.0

// Finds the conditions and thresholds of a question in its SQL, which the form of a definition writes, and changes one at a time.

package rows

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mutant is a question's SQL with one change.
type mutant struct{ what, sql string }

// token is a word of SQL, in so many parentheses.
type token struct {
	text  string
	depth int
}

var tokenForm = regexp.MustCompile(`"[^"]*"|'(?:[^']|'')*'|[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?|<>|>=|<=|[A-Za-z_$][A-Za-z_0-9$.]*|[ \t]+|(?s:.)`)

func tokens(sql string) (all []token) {
	depth := 0
	for _, text := range tokenForm.FindAllString(sql, -1) {
		if text == ")" {
			depth--
		}
		all = append(all, token{text, depth})
		if text == "(" {
			depth++
		}
	}
	return all
}

func sqlOf(all []token) string {
	var b strings.Builder
	for _, t := range all {
		b.WriteString(t.text)
	}
	return b.String()
}

// mutants changes each condition of SQL to be true and to be false, leaves out each value of a list, and raises and lowers each number that something is
// compared with, see near. A condition that stands in several places comes from one definition, so it is changed in all of them.
func mutants(sql string) (all []mutant) {
	list := tokens(sql)
	places := map[string][]span{}
	var order []string
	change := func(what string, from, to int, with string) {
		old := strings.TrimSpace(sqlOf(list[from:to]))
		if what = fmt.Sprintf("%s: %s", what, old); places[what] == nil {
			order = append(order, what)
		}
		places[what] = append(places[what], span{from, to, with})
	}
	for i, t := range list {
		switch t.text {
		case "=", "<>", ">=", "<=", "<", ">", "IN", "IS", "BETWEEN":
		default:
			continue
		}
		from, to := conditionAround(list, i)
		change("always", from, to, " 1 ")
		change("never", from, to, " 0 ")
		if t.text == "IN" {
			mutateList(list, i, change)
			continue
		}
		condition := strings.TrimSpace(sqlOf(list[from:to]))
		for j := from; j < to; j++ {
			if isNumber(list[j].text) && (list[j].depth == t.depth || list[j].depth == t.depth+1 && list[j-2].text == "*") {
				for _, n := range near(condition, list[j].text) {
					change(n+" instead in "+condition, j, j+1, n)
				}
			}
		}
	}
	for _, what := range order {
		all = append(all, mutant{what, replaced(list, places[what])})
	}
	return all
}

// span is a part of the tokens and what takes its place.
type span struct {
	from, to int
	with     string
}

func replaced(list []token, spans []span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(sqlOf(list[at:s.from]) + s.with)
		at = s.to
	}
	return b.String() + sqlOf(list[at:])
}

// conditionAround returns the place of the condition that has an operator.
func conditionAround(list []token, operator int) (from, to int) {
	depth := list[operator].depth
	for from = operator; from > 0; from-- {
		b := list[from-1]
		if b.depth < depth || b.text == "(" && b.depth == depth-1 || b.depth == depth && slices.Contains([]string{"WHERE", "AND", "OR", "NOT", "ON", ",", "SELECT"}, b.text) {
			break
		}
	}
	ands := 0
	if list[operator].text == "BETWEEN" {
		ands = 1
	}
	for to = operator; to < len(list); to++ {
		b := list[to]
		if b.depth < depth || b.depth == depth && slices.Contains([]string{"OR", ",", "GROUP", "ORDER", "\n"}, b.text) {
			break
		}
		if b.depth == depth && b.text == "AND" {
			if ands == 0 {
				break
			}
			ands--
		}
	}
	return from, to
}

// mutateList leaves out each value of the list of an IN, if it has several.
func mutateList(list []token, in int, change func(what string, from, to int, with string)) {
	open := in + 1
	for list[open].text != "(" {
		open++
	}
	end := open + 1
	var values []int
	for ; list[end].depth > list[open].depth; end++ {
		if t := list[end].text; t != "," && strings.TrimSpace(t) != "" {
			values = append(values, end)
		}
	}
	if len(values) < 2 {
		return
	}
	for _, at := range values {
		change("without", at, at+1, "NULL")
	}
}

func isNumber(s string) bool { return s[0] >= '0' && s[0] <= '9' }

// near are the numbers a little below and above one in a condition: by one, or by a tenth of a large number, of one that has a fraction, and of a mean.
func near(condition, s string) []string {
	n, _ := strconv.ParseFloat(s, 64)
	step := 1.
	if n >= 800 || n != math.Trunc(n) || strings.Contains(condition, "Entropy") {
		step = n / 10
	}
	var all []string
	for _, m := range []float64{n - step, n + step} {
		all = append(all, strconv.FormatFloat(m, 'f', -1, 64))
	}
	return all
}
