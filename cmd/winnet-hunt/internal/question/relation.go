// SPDX-License-Identifier: Apache-2.0

// The form of a definition: relations and expressions that have a text in each of the two languages.

package question

import (
	"fmt"
	"strconv"
	"strings"
)

// expr is an expression in both languages. A text is never null in either: a text that a row lacks is empty.
type expr struct{ kql, sql string }

func column(name string) expr { return expr{name, `"` + name + `"`} }

// more is a text of AdditionalFields, which rows has as a column of its own.
func more(name string) expr {
	return expr{"tostring(" + moreKQL(name) + ")", `"AdditionalFields.` + name + `"`}
}

// moreNumber is an integer of AdditionalFields.
func moreNumber(name string) expr {
	return expr{"tolong(" + moreKQL(name) + ")", `"AdditionalFields.` + name + `"`}
}

// moreIs reports whether a boolean of AdditionalFields is set.
func moreIs(name string) expr {
	return expr{"tobool(" + moreKQL(name) + ")", `"AdditionalFields.` + name + `" = 1`}
}

// moreList is a list of AdditionalFields.
func moreList(name string) expr { return expr{moreKQL(name), `"AdditionalFields.` + name + `"`} }

func moreKQL(name string) string {
	if strings.Contains(name, ".") {
		return `AdditionalFields["` + name + `"]`
	}
	return "AdditionalFields." + name
}

func text(s string) expr {
	return expr{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, "'" + strings.ReplaceAll(s, "'", "''") + "'"}
}

func number(n float64) expr {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	return expr{s, s}
}

// infix writes a operator b.
func infix(a expr, kql, sql string, b expr) expr {
	return expr{a.kql + " " + kql + " " + b.kql, a.sql + " " + sql + " " + b.sql}
}

func eq(a, b expr) expr { return infix(a, "==", "=", b) }
func ne(a, b expr) expr { return infix(a, "!=", "<>", b) }
func ge(a, b expr) expr { return infix(a, ">=", ">=", b) }
func gt(a, b expr) expr { return infix(a, ">", ">", b) }
func lt(a, b expr) expr { return infix(a, "<", "<", b) }
func le(a, b expr) expr { return infix(a, "<=", "<=", b) }

func plus(a, b expr) expr  { return group(infix(a, "+", "+", b)) }
func minus(a, b expr) expr { return group(infix(a, "-", "-", b)) }
func times(a, b expr) expr { return group(infix(a, "*", "*", b)) }

// over divides as real numbers.
func over(a, b expr) expr {
	return expr{fmt.Sprintf("(todouble(%s) / %s)", a.kql, b.kql), fmt.Sprintf("(CAST(%s AS REAL) / %s)", a.sql, b.sql)}
}

func group(e expr) expr { return expr{"(" + e.kql + ")", "(" + e.sql + ")"} }

func join(operator string, list []expr) (e expr) {
	for i, x := range list {
		if i > 0 {
			e.kql, e.sql = e.kql+" "+operator+" ", e.sql+" "+strings.ToUpper(operator)+" "
		}
		e.kql, e.sql = e.kql+x.kql, e.sql+x.sql
	}
	return e
}

func and(list ...expr) expr { return join("and", list) }
func or(list ...expr) expr  { return group(join("or", list)) }
func not(e expr) expr       { return expr{"not(" + e.kql + ")", "NOT (" + e.sql + ")"} }

func in(e expr, list ...expr) expr {
	var kql, sql []string
	for _, x := range list {
		kql, sql = append(kql, x.kql), append(sql, x.sql)
	}
	return expr{e.kql + " in (" + strings.Join(kql, ", ") + ")", e.sql + " IN (" + strings.Join(sql, ", ") + ")"}
}

func texts(list ...string) (all []expr) {
	for _, s := range list {
		all = append(all, text(s))
	}
	return all
}

func numbers(list ...float64) (all []expr) {
	for _, n := range list {
		all = append(all, number(n))
	}
	return all
}

// call writes a function, whose name may differ.
func call(kql, sql string, args ...expr) expr {
	var k, s []string
	for _, a := range args {
		k, s = append(k, a.kql), append(s, a.sql)
	}
	return expr{kql + "(" + strings.Join(k, ", ") + ")", sql + "(" + strings.Join(s, ", ") + ")"}
}

func iff(condition, then, otherwise expr) expr { return call("iff", "iif", condition, then, otherwise) }

// orElse is a, or b if a is an empty text.
func orElse(a, b expr) expr {
	return expr{fmt.Sprintf("iff(isnotempty(%s), %s, %s)", a.kql, a.kql, b.kql), fmt.Sprintf("iif(%s <> '', %s, %s)", a.sql, a.sql, b.sql)}
}

// known is a number, or b if it is null.
func known(a, b expr) expr { return call("coalesce", "coalesce", a, b) }

func lower(e expr) expr  { return call("tolower", "lower", e) }
func length(e expr) expr { return call("strlen", "length", e) }
func has(e expr) expr    { return expr{"isnotempty(" + e.kql + ")", e.sql + " <> ''"} }

func starts(e expr, with string) expr {
	return expr{e.kql + " startswith " + text(with).kql, fmt.Sprintf("substr(%s, 1, %d) = %s", e.sql, len(with), text(with).sql)}
}

// seconds is the time from a to b.
func seconds(a, b expr) expr {
	return expr{fmt.Sprintf("((%s - %s) / 1s)", b.kql, a.kql), fmt.Sprintf("((%s - %s) / 1e6)", b.sql, a.sql)}
}

// bin rounds a time down to whole minutes.
func bin(e expr, minutes int) expr {
	us := int64(minutes) * 60_000_000
	return expr{fmt.Sprintf("bin(%s, %dm)", e.kql, minutes), fmt.Sprintf("(%s / %d * %d)", e.sql, us, us)}
}

// since and until bound the time that is watched.
func since() expr { return expr{"since", "$since"} }
func until() expr { return expr{"until", "$until"} }

// later adds seconds to a time.
func later(e expr, s int) expr {
	return expr{fmt.Sprintf("(%s + %ds)", e.kql, s), fmt.Sprintf("(%s + %d)", e.sql, int64(s)*1_000_000)}
}

// Aggregates.
func count() expr       { return expr{"count()", "count(*)"} }
func sum(e expr) expr   { return call("sum", "sum", e) }
func least(e expr) expr { return call("min", "min", e) }
func most(e expr) expr  { return call("max", "max", e) }
func mean(e expr) expr  { return call("avg", "avg", e) }
func anyOf(e expr) expr { return call("take_any", "max", e) }

// anyText is a text that is not empty, if there is one.
func anyText(e expr) expr {
	return expr{fmt.Sprintf("take_anyif(%s, isnotempty(%s))", e.kql, e.kql), "max(" + e.sql + ")"}
}

func different(e expr) expr {
	return expr{"count_distinct(" + e.kql + ")", "count(DISTINCT " + e.sql + ")"}
}

// some lists up to twenty different texts.
func some(e expr) expr {
	return expr{"make_set(" + e.kql + ", 20)", "json_group_array(DISTINCT " + e.sql + ")"}
}

// real is a number with a fraction.
func real(n float64) expr {
	s := fmt.Sprintf("%.1f", n)
	return expr{s, s}
}

// ends reports whether a text ends with one of a list, in any case.
func ends(e expr, list ...string) expr {
	var all []expr
	for _, with := range list {
		all = append(all, expr{e.kql + " endswith " + text(with).kql, fmt.Sprintf("lower(substr(%s, -%d)) = %s", e.sql, len(with), text(strings.ToLower(with)).sql)})
	}
	return or(all...)
}

// asText is the text of a number.
func asText(e expr) expr { return expr{"tostring(" + e.kql + ")", "CAST(" + e.sql + " AS TEXT)"} }

// together writes one text after another.
func together(list ...expr) expr {
	var kql, sql []string
	for _, e := range list {
		kql, sql = append(kql, e.kql), append(sql, e.sql)
	}
	return expr{"strcat(" + strings.Join(kql, ", ") + ")", "(" + strings.Join(sql, " || ") + ")"}
}

// named is a column with its expression.
type named struct {
	name string
	expr expr
}

func as(name string, e expr) named { return named{name, e} }
func same(name string) named       { return named{name, column(name)} }
func sames(names ...string) (all []named) {
	for _, n := range names {
		all = append(all, same(n))
	}
	return all
}

func (n named) kql() string {
	if n.expr.kql == n.name {
		return n.name
	}
	return n.name + " = " + n.expr.kql
}

func (n named) sql() string { return n.expr.sql + ` AS "` + n.name + `"` }

func list(all []named, form func(named) string) string {
	var out []string
	for _, n := range all {
		out = append(out, form(n))
	}
	return strings.Join(out, ", ")
}

// relation is a table, or what is made of it.
type relation struct {
	kql []string // lines
	sql string   // a SELECT
}

func (r relation) pipe(kql, sql string) relation {
	return relation{append(append([]string(nil), r.kql...), "| "+kql), strings.Replace(sql, "FROM _", "FROM (\n"+indent(r.sql)+"\n)", 1)}
}

func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }

func (r relation) where(conditions ...expr) relation {
	for _, c := range conditions {
		r = r.pipe("where "+c.kql, "SELECT * FROM _ WHERE "+c.sql)
	}
	return r
}

func (r relation) extend(columns ...named) relation {
	return r.pipe("extend "+list(columns, named.kql), "SELECT *, "+list(columns, named.sql)+" FROM _")
}

func (r relation) project(columns ...named) relation {
	return r.pipe("project "+list(columns, named.kql), "SELECT "+list(columns, named.sql)+" FROM _")
}

// summarize groups by columns.
func (r relation) summarize(by []named, columns ...named) relation {
	keys := ""
	if len(by) > 0 {
		keys = " GROUP BY " + list(by, func(n named) string { return n.expr.sql })
	}
	kql := "summarize " + list(columns, named.kql)
	if len(by) > 0 {
		kql += " by " + list(by, named.kql)
	}
	return r.pipe(kql, "SELECT "+list(append(append([]named(nil), by...), columns...), named.sql)+" FROM _"+keys)
}

// latest has, for each combination of keys, the row with the largest value of a column.
func (r relation) latest(keys []string, order string, columns ...string) relation {
	var quoted []string
	for _, c := range columns {
		quoted = append(quoted, column(c).sql)
	}
	by := list(sames(keys...), func(n named) string { return n.expr.sql })
	// SQLite takes columns without an aggregate from the row that has the maximum.
	return r.pipe("summarize arg_max("+order+", "+strings.Join(columns, ", ")+") by "+strings.Join(keys, ", "),
		fmt.Sprintf("SELECT %s, max(%s) AS %s, %s FROM _ GROUP BY %s", by, column(order).sql, column(order).sql, strings.Join(quoted, ", "), by))
}

// previous adds the value that a column has in the row before, by an order within rows of equal keys, as a column named Last and its name. It is null in
// the first row.
func (r relation) previous(keys []string, order string, columns ...string) relation {
	var sorted, equal, partition, kql, sql []string
	for _, k := range keys {
		sorted, equal, partition = append(sorted, k+" asc"), append(equal, fmt.Sprintf("prev(%s) == %s", k, k)), append(partition, column(k).sql)
	}
	for _, c := range columns {
		kql = append(kql, fmt.Sprintf("Last%s = iff(%s, prev(%s), datetime(null))", c, strings.Join(equal, " and "), c))
		sql = append(sql, fmt.Sprintf(`lag(%s) OVER (PARTITION BY %s ORDER BY %s) AS "Last%s"`, column(c).sql, strings.Join(partition, ", "), column(order).sql, c))
	}
	r = r.pipe("sort by "+strings.Join(append(sorted, order+" asc"), ", "), "SELECT * FROM _")
	return r.pipe("extend "+strings.Join(kql, ", "), "SELECT *, "+strings.Join(sql, ", ")+" FROM _")
}

// expand gives a row for each text of a list. source is the column of the list, where of is not one.
func (r relation) expand(name string, of expr, source string) relation {
	given := of
	if source != "" {
		given = column(source)
	}
	r = r.where(expr{"isnotempty(" + given.kql + ")", of.sql + " <> ''"})
	r.kql = append(append([]string(nil), r.kql...), fmt.Sprintf("| mv-expand %s = %s to typeof(string)", name, of.kql))
	r.sql = fmt.Sprintf("SELECT s.*, e.value AS \"%s\" FROM (\n%s\n) AS s, json_each(s.%s) AS e", name, indent(r.sql), of.sql)
	return r
}

// windows gives a row for each window of whole minutes from one time to another. The column name has when it begins.
func (r relation) windows(name string, minutes int, from, to string) relation {
	first, last := bin(column(from), minutes), bin(column(to), minutes)
	r.kql = append(append([]string(nil), r.kql...), fmt.Sprintf("| mv-expand %s = range(%s, %s, %dm) to typeof(datetime)", name, first.kql, last.kql, minutes))
	r.sql = fmt.Sprintf("SELECT s.*, e.value AS \"%s\" FROM (\n%s\n) AS s, json_each(steps(%s, %s, %d)) AS e", name, indent(r.sql), first.sql, last.sql, int64(minutes)*60_000_000)
	return r
}

// entropy adds Shannon's entropy of a text, in bits per character.
func (r relation) entropy(name, of string) relation {
	return r.pipe(`mv-apply Letter = extract_all("(.)", `+of+`) to typeof(string) on (
    summarize Times = count() by Letter
    | summarize Sum = sum(Times * log2(Times)), Length = sum(Times)
    | project `+name+` = log2(Length) - Sum / Length
)`, "SELECT *, entropy("+column(of).sql+`) AS "`+name+`" FROM _`)
}

// with joins the rows of another relation that have the same value of a column. No other column may have the same name.
func (r relation) with(other relation, on string) relation {
	r.kql = append(append([]string(nil), r.kql...), "| join kind=inner (", indent(strings.Join(other.kql, "\n")), fmt.Sprintf(") on %s", on))
	r.sql = fmt.Sprintf("SELECT * FROM (\n%s\n) JOIN (\n%s\n) USING (\"%s\")", indent(r.sql), indent(other.sql), on)
	return r
}

// union has the rows of all, which have the same columns in the same order.
func union(all ...relation) relation {
	var kql, sql []string
	for _, r := range all {
		kql = append(kql, indent("("+strings.Join(r.kql, "\n")+")"))
		sql = append(sql, "SELECT * FROM (\n"+indent(r.sql)+"\n)")
	}
	return relation{strings.Split("union\n"+strings.Join(kql, ",\n"), "\n"), strings.Join(sql, "\nUNION ALL\n")}
}

// order sorts the answer: by the first column in descending order, then by the others in ascending order.
func (r relation) order(by string, then ...string) relation {
	kql, sql := []string{by + " desc"}, []string{column(by).sql + " DESC"}
	for _, t := range then {
		kql, sql = append(kql, t+" asc"), append(sql, column(t).sql)
	}
	return r.pipe("order by "+strings.Join(kql, ", "), "SELECT * FROM _ ORDER BY "+strings.Join(sql, ", "))
}

// table is a table of the workspace with all its rows of the last days. The twin has all rows of the files.
func table(name string) relation {
	return relation{[]string{name, "| where TimeGenerated between (begun .. until)"}, "SELECT * FROM " + name}
}

// dns are the rows of the DNS table, unpacked.
func dns() relation { return relation{[]string{"WinnetDns(begun, until)"}, "SELECT * FROM " + DNS} }

func network() relation { return table(Network) }

// status are the rows of collectors. The twin looks back as many days as the query: what a collector said last counts.
func status() relation {
	r := table(Status)
	r.sql += " WHERE TimeGenerated BETWEEN $begun AND $until"
	return r
}
