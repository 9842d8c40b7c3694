// SPDX-License-Identifier: Apache-2.0

// Package question has the questions that a SOC asks of DNS and pod traffic, each in the Kusto query language for Microsoft Sentinel and in SQL for the
// tables of package rows. Both texts come from one definition, where the form of relation.go has what the question needs.
package question

// Question is one question. Its texts are constant.
type Question struct {
	Number int
	ID     string // a slug, also the name of the file in deploy/sentinel/queries
	Name   string // a few words
	Title  string // the question, in one sentence
	Tables []string
	KQL    string
	Days   int // how far the query looks back
	// SQL is the twin. $begun, $since and $until stand for times in microseconds since 1970; see rows.Store.
	SQL         string
	Columns     []Column
	Reading     string // how to read the answer
	FalseAlarms string
	Tactics     []string // of MITRE ATT&CK, in the spelling of Sentinel
	Techniques  []Technique
	Volume      string // what a value of the key volume sums away, or ""
	Severity    string // of what it finds: High, Medium, Low or Informational
	// Planted and Near are what the test's scenario has for the question: what must be found, and what must not although it is close.
	Planted, Near string
	// Baseline reports whether the question compares with the time before $since.
	Baseline bool
}

// Kind is the kind of a column's values.
type Kind string

// The kinds, and what a row of rows.Answer holds for them. Any may be nil.
const (
	Text  Kind = "string"   // string
	Int   Kind = "long"     // int64
	Real  Kind = "real"     // float64
	Time  Kind = "datetime" // time.Time
	Texts Kind = "dynamic"  // []string
)

// Column is a column of an answer.
type Column struct {
	Name string
	Kind Kind
}

// Technique is a technique of MITRE ATT&CK.
type Technique struct{ ID, Name string }

// Names of tables.
const (
	DNS     = "ASimDnsActivityLogs"
	Network = "ASimNetworkSessionLogs"
	Audit   = "ASimAuditEventLogs"
	Status  = "WinnetStatus_CL"
)

// All returns the questions in order.
func All() []Question {
	all := []Question{}
	for _, make := range definitions() {
		q := make()
		q.Number = len(all) + 1
		all = append(all, q)
	}
	return all
}
