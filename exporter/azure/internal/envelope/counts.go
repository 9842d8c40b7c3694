// SPDX-License-Identifier: Apache-2.0

package envelope

// Rule is a rule that alters a value.
type Rule uint8

// The rules. README.md of the exporter describes them for users.
const (
	RuleCut       Rule = iota // longer than the service accepts: cut at a rune boundary and marked
	RuleUTF8                  // bytes that are not UTF-8, each replaced by U+FFFD
	RuleShed                  // did not fit: left out, and named where it was
	RuleNested                // nested deeper than 16, replaced by a text
	RuleRepeated              // a duplicate name: the second property gets another name
	RuleLargeItem             // an item of more than 64,000 bytes, with all fields cut to 1,000 characters
	RuleNoMessage             // an empty message, which the service refuses: replaced by n/a
	RuleNoTime                // a record without a time
	RuleTooOld                // a time that the service refuses: replaced by the time of sending
	ruleCount
)

var ruleNames = [ruleCount]string{"cut", "invalid_utf8", "shed", "nested", "repeated", "large_item", "no_message", "no_time", "too_old"}

func (r Rule) String() string { return ruleNames[r] }

// Field is a part of an envelope.
type Field uint8

// The parts of an envelope.
const (
	FieldItem       Field = iota // the whole item
	FieldTime                    // time
	FieldTag                     // a value in tags
	FieldMessage                 // message
	FieldName                    // the name of a property
	FieldProperty                // the value of a property
	FieldAdditional              // the property AdditionalFields
	fieldCount
)

var fieldNames = [fieldCount]string{"item", "time", "tag", "message", "name", "property", "AdditionalFields"}

func (f Field) String() string { return fieldNames[f] }

// Counts has how often each rule was applied to each part.
type Counts struct {
	n   [ruleCount][fieldCount]uint32
	any bool
}

func (c *Counts) add(r Rule, f Field) {
	c.n[r][f]++
	c.any = true
}

// merge adds the counts of other.
func (c *Counts) merge(other *Counts) {
	if !other.any {
		return
	}
	c.any = true
	for r := range ruleCount {
		for f := range fieldCount {
			c.n[r][f] += other.n[r][f]
		}
	}
}

// Each calls do for every count above 0.
func (c *Counts) Each(do func(r Rule, f Field, n int64)) {
	if !c.any {
		return
	}
	for r := range ruleCount {
		for f, n := range c.n[r] {
			if n > 0 {
				do(r, Field(f), int64(n))
			}
		}
	}
}
