// SPDX-License-Identifier: Apache-2.0

// Solution writes deploy/sentinel/solution: the parsers, rules, hunting queries and the workbook of deploy/sentinel in the layout of a solution of
// Microsoft Sentinel's Content Hub. Run it in the folder of package columns: go run ./solution FROM TO, where FROM is deploy/sentinel. What is in TO is
// replaced.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
)

// What the solution says of itself. A publisher of Microsoft's Partner Center has a publisherId and an offerId of its own.
const (
	name        = "otelcol-winnet"
	version     = "3.0.0" // of the package; the form of its templates is that of 3
	publisherID = "otelcolwinnet"
	offerID     = "azure-sentinel-solution-otelcolwinnet"
	published   = "2026-11-29"
	home        = "https://github.com/otelcol-winnet/otelcol-winnet"
	workbookID  = "WinnetOverviewWorkbook"
	workbook    = "DNS and pod traffic of Windows (otelcol-winnet)"
	description = "DNS of Windows, server and client, and the pod traffic of Cilium on Windows, collected by [otelcol-winnet](" + home + "). The solution has parsers in the " +
		"schemas of ASIM, analytic rules, hunting queries and a workbook. It does not make the data collection rule and the tables that the collector sends to: " +
		"[deploy these first](" + home + "/tree/main/deploy/sentinel). No part of the solution was run on Azure."
)

// packed are the parsers of the package. Those of the archive may not run on its plan, and the unifying ones would replace functions of the workspace.
func packed(p *content.Parser) bool {
	return !strings.HasSuffix(p.ParserName, "Archive") && !strings.HasSuffix(p.ParserName, "Custom")
}

// rule is a rule, and what the API takes for it.
type rule struct {
	content.Rule
	properties map[string]any
}

// all is what the solution has.
type all struct {
	parsers  []content.Parser
	unpack   string // the text of the function WinnetDns
	rules    []rule
	queries  []content.Query
	workbook string
}

func read(from string) (all, error) {
	var s all
	parsers, err := content.Parsers(filepath.Join(from, "parsers"))
	if err != nil {
		return s, err
	}
	for _, p := range parsers {
		if packed(&p) {
			s.parsers = append(s.parsers, p)
		}
	}
	rules, err := content.Rules(filepath.Join(from, "rules"))
	if err != nil {
		return s, err
	}
	for _, r := range rules {
		properties, err := r.Properties()
		if err != nil {
			return s, fmt.Errorf("rule %s: %w", r.Name, err)
		}
		s.rules = append(s.rules, rule{r, properties})
	}
	if s.queries, err = content.Queries(filepath.Join(from, "queries")); err != nil {
		return s, err
	}
	if s.workbook, err = content.Workbook(filepath.Join(from, "workbook", "Winnet.json")); err != nil {
		return s, err
	}
	raw, err := os.ReadFile(filepath.Join(from, "WinnetDns.kql"))
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(raw)) {
		if !strings.HasPrefix(line, "let starttime =") && !strings.HasPrefix(line, "let endtime =") {
			s.unpack += line
		}
	}
	return s, nil
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("want two arguments: the folder deploy/sentinel, and the folder to write to")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// copies are the folders of deploy/sentinel whose files are those of a folder of the solution.
var copies = []struct{ From, Pattern, To string }{
	{"parsers", "*.yaml", "Parsers"}, {"rules", "*.yaml", "Analytic Rules"}, {"queries", "*.yaml", "Hunting Queries"}, {"workbook", "*.json", "Workbooks"},
}

func write(from, to string) error {
	s, err := read(from)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	out := map[string][]byte{}
	named := map[string][]string{}
	for _, c := range copies {
		files, err := filepath.Glob(filepath.Join(from, c.From, c.Pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			base := filepath.Base(file)
			if c.From == "parsers" && !packed(&content.Parser{ParserName: strings.TrimSuffix(base, ".yaml")}) {
				continue
			}
			if out[c.To+"/"+base], err = os.ReadFile(file); err != nil {
				return err
			}
			named[c.To] = append(named[c.To], c.To+"/"+base)
		}
	}
	out["Parsers/WinnetDns.yaml"] = function(s.unpack)
	named["Parsers"] = append(named["Parsers"], "Parsers/WinnetDns.yaml")
	for file, v := range map[string]any{
		"Data/Solution_Winnet.json":       s.input(named),
		"SolutionMetadata.json":           metadata(),
		"Package/mainTemplate.json":       s.template(),
		"Package/createUiDefinition.json": s.ui(),
		"Package/testParameters.json":     parameters(),
	} {
		if out[file], err = indented(v); err != nil {
			return err
		}
	}
	out["ReleaseNotes.md"] = []byte("| **Version** | **Date Modified (DD-MM-YYYY)** | **Change History** |\n|---|---|---|\n| " + version + " | 29-11-2026 | Initial version: parsers, analytic rules, hunting queries, workbook |\n")
	for file, raw := range out {
		path := filepath.Join(to, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// function is the function WinnetDns in the form that solutions have for functions outside of ASIM.
func function(query string) []byte {
	var b bytes.Buffer
	b.WriteString("# SPDX-License-Identifier: Apache-2.0\nid: " + unpackID + "\nFunction:\n  Title: Rows of DNS, with a row for each item of a packed one\n  Version: '1.0.0'\n  LastUpdated: '" +
		published + "'\nCategory: Microsoft Sentinel Parser\nFunctionName: WinnetDns\nFunctionAlias: WinnetDns\nFunctionParameters: '" + unpackParameters + "'\nFunctionQuery: |\n")
	for line := range strings.Lines(query) {
		if strings.TrimSpace(line) == "" {
			b.WriteString("\n")
			continue
		}
		b.WriteString("  " + line)
	}
	return b.Bytes()
}

// input is what the packaging tool of the repository Azure-Sentinel reads.
func (s *all) input(named map[string][]string) map[string]any {
	return map[string]any{
		"Name": name, "Author": name, "Logo": "", "Description": description, "WorkbookDescription": "Volume, cost, clients, failures, silent collectors and losses.",
		"Workbooks": list(named["Workbooks"]), "Analytic Rules": list(named["Analytic Rules"]), "Hunting Queries": list(named["Hunting Queries"]), "Parsers": list(named["Parsers"]),
		"BasePath": "Solutions/" + name, "Version": version, "Metadata": "SolutionMetadata.json", "TemplateSpec": true, "Is1PConnector": false,
	}
}

func list(texts []string) []string { return append([]string{}, texts...) }

func metadata() map[string]any {
	return map[string]any{
		"publisherId": publisherID, "offerId": offerID, "firstPublishDate": published, "lastPublishDate": published, "providers": []string{name},
		"categories": categories(), "support": support(),
	}
}

func categories() map[string]any {
	return map[string]any{"domains": []string{"Security - Network", "Networking"}, "verticals": []string{}}
}

func support() map[string]any {
	return map[string]any{"name": name, "tier": "Community", "link": home + "/issues"}
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
