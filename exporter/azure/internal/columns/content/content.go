// SPDX-License-Identifier: Apache-2.0

// Package content reads what deploy/sentinel has for Microsoft Sentinel beside tables: parsers, analytic rules, hunting queries and a workbook. The files
// have the forms of the public repository Azure-Sentinel. A key that a form does not have is an error.
package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Param is a parameter of a parser, in the words of KQL. The default of a text is the text itself, without quotes.
type Param struct {
	Name    string `yaml:"Name"`
	Type    string `yaml:"Type"`
	Default string `yaml:"Default"`
}

// Parser is a function of the workspace that returns rows in a schema of ASIM.
type Parser struct {
	Parser struct {
		Title       string `yaml:"Title"`
		Version     string `yaml:"Version"`
		LastUpdated string `yaml:"LastUpdated"`
	} `yaml:"Parser"`
	Product struct {
		Name string `yaml:"Name"`
	} `yaml:"Product"`
	Normalization struct {
		Schema  string `yaml:"Schema"`
		Version string `yaml:"Version"`
	} `yaml:"Normalization"`
	References []struct {
		Title string `yaml:"Title"`
		Link  string `yaml:"Link"`
	} `yaml:"References"`
	Description             string   `yaml:"Description"`
	ParserName              string   `yaml:"ParserName"`
	EquivalentBuiltInParser string   `yaml:"EquivalentBuiltInParser"`
	ParserParams            []Param  `yaml:"ParserParams"`
	Parsers                 []string `yaml:"Parsers"`
	ParserQuery             string   `yaml:"ParserQuery"`
}

// Signature is the list of parameters as a saved function of the workspace has it: name:type=default, separated by commas.
func (p *Parser) Signature() string {
	var out []string
	for _, q := range p.ParserParams {
		value := q.Default
		if q.Type == "string" {
			value = "'" + value + "'"
		}
		out = append(out, q.Name+":"+q.Type+"="+value)
	}
	return strings.Join(out, ", ")
}

// Parsers returns the parsers in a folder, in the order of their names.
func Parsers(folder string) ([]Parser, error) { return all[Parser](folder) }

// all returns what the files of YAML in a folder say, in the order of their names. A folder that is not there has none.
func all[T any](folder string) ([]T, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []T
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var one T
		d := yaml.NewDecoder(bytes.NewReader(raw))
		d.KnownFields(true)
		if err := d.Decode(&one); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// Workbook returns the text of a workbook: its JSON in one line.
func Workbook(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", errors.Join(errors.New(file), err)
	}
	return b.String(), nil
}
