// SPDX-License-Identifier: Apache-2.0

// Deployment writes deploy/sentinel/main.bicep and main.json for the tables of package columns. Run it in the folder of
// package columns: go run ./deployment FOLDER. Both files deploy the same: a data collection rule with a stream for
// each table, the custom tables, the role of those who may send, and the parsers, the rules and the workbook in FOLDER.
package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
)

//go:embed main.bicep.tmpl main.json.tmpl
var templates embed.FS

// flow is a stream of the rule and the table that it feeds.
type flow struct {
	Stream  string // as the rule declares it and the exporter sends it
	Output  string // the stream of the table
	Columns []columns.Column
}

// standard returns the flow of one of Microsoft's own tables. Their streams have the prefix Microsoft-; custom tables
// have the prefix Custom- and the suffix _CL.
func standard(t *columns.Table) flow {
	return flow{"Custom-" + t.Name, "Microsoft-" + t.Name, t.Columns}
}

func custom(t *columns.Table) flow {
	return flow{"Custom-" + t.Name, "Custom-" + t.Name + "_CL", t.Columns}
}

// table is a custom table that the deployment creates.
type table struct {
	*columns.Table
	Symbol string // in Bicep
}

// FullName is the name of the table in the workspace.
func (t table) FullName() string { return t.Name + "_CL" }

// Plan is the table's plan.
func (t table) Plan() string {
	if t.Auxiliary {
		return "Auxiliary"
	}
	return "Analytics"
}

// Version is the version of the tables' API.
func (t table) Version() string {
	if t.Auxiliary {
		return "2025-07-01" // as Microsoft's page on custom tables with this plan
	}
	return "2022-10-01"
}

// streamTypes are the types of a stream's columns, in the words of a data collection rule.
var streamTypes = map[columns.Type]string{
	columns.String: "string", columns.Int: "int", columns.Long: "long", columns.Real: "real",
	columns.Bool: "boolean", columns.Datetime: "datetime", columns.Dynamic: "dynamic",
}

// tableType returns the type of a column in the terms of the tables' API, which differs for one type.
func tableType(t columns.Type) string {
	if t == columns.Datetime {
		return "dateTime"
	}
	return streamTypes[t]
}

// unpack is the name of the function that makes rows of packed rows, and of the file in the folder that holds it.
const unpack = "WinnetDns"

// function returns the text of a function of the workspace: the file without comments, and without the lines that give its parameters values, so that
// it is a query, too. It is one line, since Bicep and JSON write that alike.
func function(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "let starttime =") || strings.HasPrefix(line, "let endtime =") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " "), nil
}

// saved is a parser as the deployment saves it.
type saved struct {
	*content.Parser
	Symbol string // in Bicep
	Switch string // the parameter that turns it on
}

// parsers returns the parsers of a folder. Those of the archive and the unifying ones have a switch of their own: the plan of the archive's tables may not
// allow functions, and a workspace may have unifying parsers of somebody else.
func parsers(folder string) ([]saved, error) {
	all, err := content.Parsers(folder)
	var out []saved
	for i := range all {
		p := &all[i]
		s := saved{p, strings.ToLower(p.ParserName[:1]) + strings.ReplaceAll(p.ParserName[1:], "_", ""), "parsers"}
		switch {
		case strings.HasSuffix(p.ParserName, "Archive"):
			s.Switch = "archiveParsers"
		case strings.HasSuffix(p.ParserName, "Custom"):
			s.Switch = "unifyingParsers"
		}
		out = append(out, s)
	}
	return out, err
}

// alert is a rule as the deployment creates it.
type alert struct {
	ID, Symbol string
	Properties map[string]any
}

// alerts returns the rules of a folder.
func alerts(folder string) ([]alert, error) {
	all, err := content.Rules(folder)
	var out []alert
	for i, r := range all {
		properties, err := r.Properties()
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
		out = append(out, alert{r.ID, fmt.Sprintf("alert%d", i+1), properties})
	}
	return out, err
}

// bicep returns a value as Bicep writes it, in lines that are indented as deep as the property that has it.
func bicep(v any, indent string) (string, error) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "\n") {
			return lines(strings.TrimSuffix(v, "\n") + "\n")
		}
		return "'" + inBicep(v) + "'", nil
	case []any:
		if len(v) == 0 {
			return "[]", nil
		}
		var b strings.Builder
		for _, x := range v {
			text, err := bicep(x, indent+"  ")
			if err != nil {
				return "", err
			}
			b.WriteString(indent + "  " + text + "\n")
		}
		return "[\n" + b.String() + indent + "]", nil
	case map[string]any:
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, err := bicep(v[name], indent+"  ")
			if err != nil {
				return "", err
			}
			b.WriteString(indent + "  " + name + ": " + text + "\n")
		}
		return "{\n" + b.String() + indent + "}", nil
	}
	return fmt.Sprint(v), nil
}

// properties returns the properties of an object as Bicep writes them, each in a line that begins with the indentation.
func properties(v map[string]any, indent string) (string, error) {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		text, err := bicep(v[name], indent)
		if err != nil {
			return "", err
		}
		out = append(out, indent+name+": "+text)
	}
	return strings.Join(out, "\n"), nil
}

// fields returns the same as JSON writes them, with a comma after each. A text of several lines ends with a line break, as it does in Bicep.
func fields(v map[string]any, indent string) (string, error) {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		value := v[name]
		if text, ok := value.(string); ok && strings.Contains(text, "\n") {
			value = strings.TrimSuffix(text, "\n") + "\n"
		}
		if err := e.Encode(value); err != nil {
			return "", err
		}
		out = append(out, indent+`"`+name+`": `+strings.TrimSpace(b.String())+",")
	}
	return strings.Join(out, "\n"), nil
}

// inBicep returns a text as Bicep writes it between single quotes.
func inBicep(text string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "${", `\${`).Replace(text)
}

// lines returns a text of whole lines as Bicep writes it between three single quotes, where nothing is escaped.
func lines(text string) (string, error) {
	if strings.Contains(text, "'''") || !strings.HasSuffix(text, "\n") {
		return "", fmt.Errorf("want whole lines without three single quotes: %.80q", text)
	}
	return "'''\n" + text + "'''", nil
}

// inJSON returns a text as JSON writes it between double quotes.
func inJSON(text string) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.Trim(strings.TrimSpace(b.String()), `"`), err
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("want one argument: the folder to write to")
	}
	query, err := function(filepath.Join(os.Args[1], unpack+".kql"))
	if err != nil {
		log.Fatal(err)
	}
	found, err := parsers(filepath.Join(os.Args[1], "parsers"))
	if err != nil {
		log.Fatal(err)
	}
	rules, err := alerts(filepath.Join(os.Args[1], "rules"))
	if err != nil {
		log.Fatal(err)
	}
	book, err := content.Workbook(filepath.Join(os.Args[1], "workbook", "Winnet.json"))
	if err != nil {
		log.Fatal(err)
	}
	data := struct {
		Flows   []flow // that every rule has
		Audit   flow   // that a parameter turns off
		Archive []flow // that another parameter turns off
		Tables  []table
		Unpack  string // the name of a function
		Query   string // its text
		Parsers []saved
		Alerts  []alert
		Book    string // the workbook: its JSON, and a line break
	}{
		Flows: []flow{standard(columns.DNS), standard(columns.Network), custom(columns.Status)},
		Audit: standard(columns.Audit), Archive: []flow{custom(columns.DNSArchive), custom(columns.NetworkArchive)},
		Tables: []table{{columns.Status, "statusTable"}, {columns.DNSArchive, "dnsArchive"}, {columns.NetworkArchive, "networkArchive"}},
		Unpack: unpack, Query: query, Parsers: found, Alerts: rules, Book: book + "\n",
	}
	parsed, err := template.New("").Funcs(template.FuncMap{
		"streamType": func(t columns.Type) string { return streamTypes[t] },
		"tableType":  tableType,
		"inBicep":    inBicep,
		"lines":      lines,
		"properties": properties,
		"fields":     fields,
		"inJSON":     inJSON,
		"more":       func(i, n int) bool { return i+1 < n },
	}).ParseFS(templates, "*.tmpl")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"main.bicep", "main.json"} {
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, name+".tmpl", data); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(os.Args[1], name), b.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
