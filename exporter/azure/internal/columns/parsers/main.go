// SPDX-License-Identifier: Apache-2.0

// Parsers writes the parsers of ASIM that deploy/sentinel deploys, in the form of the public repository Azure-Sentinel. Run it in the folder of
// package columns: go run ./parsers FOLDER, where FOLDER is deploy/sentinel. Their columns come from the lists of this folder, and from
// schema.tsv, which has those of ASIM. What makes rows of packed ones is taken from WinnetDns.kql in FOLDER.
package main

import (
	"bytes"
	"embed"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

//go:embed *.tmpl
var templates embed.FS

// param is a parameter of a parser: the names, types and defaults of ASIM's documentation.
type param struct{ Name, Type, Default string }

var (
	starttime = param{"starttime", "datetime", "datetime(null)"}
	endtime   = param{"endtime", "datetime", "datetime(null)"}
	disabled  = param{"disabled", "bool", "false"}
	// pack is a parameter of the unifying parsers alone.
	pack = param{"pack", "bool", "false"}
)

func list(name string) param { return param{name, "dynamic", "dynamic([])"} }
func text(name, value string) param {
	return param{name, "string", "'" + value + "'"}
}

// schema is what the parsers of a schema have in common.
type schema struct {
	Name, Version  string
	Template       string // the file with the text of the filtering parser
	Table, Archive *columns.Table
	Params         []param // of the filtering parser
	All            string  // the arguments with which it returns all rows
	Source         string  // what writes the rows
}

var schemas = []schema{
	{
		Name: "Dns", Version: "0.1.7", Template: "dns.kql.tmpl", Table: columns.DNS, Archive: columns.DNSArchive, All: "eventtype='*', ",
		Source: "the DNS Server and the DNS Client of Windows, collected by otelcol-winnet",
		Params: []param{starttime, endtime, text("srcipaddr", "*"), list("domain_has_any"), text("responsecodename", "*"), text("response_has_ipv4", "*"),
			list("response_has_any_prefix"), text("eventtype", "Query"), disabled},
	},
	{
		Name: "NetworkSession", Version: "0.2.6", Template: "network.kql.tmpl", Table: columns.Network, Archive: columns.NetworkArchive,
		Source: "Cilium on Windows, collected by otelcol-winnet",
		Params: []param{starttime, endtime, list("srcipaddr_has_any_prefix"), list("dstipaddr_has_any_prefix"), list("ipaddr_has_any_prefix"),
			{"dstportnumber", "int", "int(null)"}, list("hostname_has_any"), list("dvcaction"), text("eventresult", "*"), disabled},
	},
}

// parser is what a file says.
type parser struct {
	Title, Version, Updated, Product, Schema, SchemaVersion, Description, Name, BuiltIn string
	Params                                                                              []param
	Parsers                                                                             []string
	Query                                                                               string
}

// Indented is the query as a block of YAML.
func (p parser) Indented() string {
	lines := strings.Split(strings.TrimSpace(p.Query), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}

func signature(params []param) string {
	var out []string
	for _, p := range params {
		out = append(out, p.Name+": "+p.Type+"="+p.Default)
	}
	return strings.Join(out, ", ")
}

func arguments(params []param) string {
	var out []string
	for _, p := range params {
		out = append(out, p.Name+"="+p.Name)
	}
	return strings.Join(out, ", ")
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("want one argument: the folder deploy/sentinel")
	}
	known, err := schemaColumns()
	if err != nil {
		log.Fatal(err)
	}
	unpack, err := unpacking(filepath.Join(os.Args[1], "WinnetDns.kql"))
	if err != nil {
		log.Fatal(err)
	}
	parsed := template.Must(template.ParseFS(templates, "*.tmpl"))
	for _, s := range schemas {
		for _, p := range s.parsers(parsed, known[s.Name], unpack) {
			var b bytes.Buffer
			if err := parsed.ExecuteTemplate(&b, "parser.yaml.tmpl", p); err != nil {
				log.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(os.Args[1], "parsers", p.Name+".yaml"), b.Bytes(), 0o644); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// parsers returns the parsers of a schema: the filtering one and the one without parameters, for the tables and for the archive, and the two that
// Sentinel's unifying parsers call.
func (s schema) parsers(templates *template.Template, known map[string]string, unpack string) []parser {
	base := parser{Version: "1.0.0", Updated: "Nov 29 2026", Product: "otelcol-winnet", Schema: s.Name, SchemaVersion: s.Version}
	var out []parser
	for _, archive := range []bool{false, true} {
		suffix, table, place := "", s.Table.Name, s.Table.Name+" and AppTraces"
		if archive {
			suffix, table = "Archive", s.Archive.Name+"_CL"
			place = table + ", the archive"
		}
		var b bytes.Buffer
		data := struct {
			Signature, Arguments, Table, Traces, Unpack, Projection string
			Archive                                                 bool
		}{signature(s.Params), arguments(s.Params), table, traces(s.Table), unpack, projection(s, known), archive}
		if err := templates.ExecuteTemplate(&b, s.Template, data); err != nil {
			log.Fatal(err)
		}
		filtering, plain := base, base
		filtering.Name, filtering.BuiltIn = "vim"+s.Name+"Winnet"+suffix, "_Im_"+s.Name+"_Winnet"+suffix
		filtering.Title = s.Name + " ASIM filtering parser for otelcol-winnet"
		filtering.Description = "This ASIM parser filters and normalizes records of " + s.Source + ", in " + place + "."
		filtering.Params, filtering.Query = s.Params, b.String()
		plain.Name, plain.BuiltIn = "ASim"+s.Name+"Winnet"+suffix, "_ASim_"+s.Name+"_Winnet"+suffix
		plain.Title = s.Name + " ASIM parser for otelcol-winnet"
		plain.Description = "This ASIM parser normalizes records of " + s.Source + ", in " + place + "."
		plain.Params, plain.Query = []param{disabled}, filtering.Name+"("+s.All+"disabled=disabled)"
		out = append(out, filtering, plain)
	}
	for _, p := range out[:2] {
		union := base
		union.Name = map[bool]string{true: "Im_", false: "ASim_"}[strings.HasPrefix(p.Name, "vim")] + s.Name + "Custom"
		union.Product, union.BuiltIn = "Source agnostic", union.Name
		union.Title = s.Name + " ASIM custom unifying parser with the records of otelcol-winnet"
		union.Description = "Sentinel's unifying parsers call this function of the workspace. It calls " + p.Name + "; add a line for each further parser."
		union.Params = append(append([]param{}, p.Params...), pack)
		union.Parsers = []string{p.Name}
		union.Query = "union isfuzzy=true\n    " + p.Name + "(" + arguments(p.Params) + ")"
		out = append(out, union)
	}
	return out
}
