// SPDX-License-Identifier: Apache-2.0

package row

// Rule is a rule that alters a value.
type Rule uint8

// The rules. README.md of the exporter describes them for users.
const (
	RuleConverted     Rule = iota // another type than the column's, same value
	RuleMoved                     // does not fit the column: moved to AdditionalFields
	RuleCut                       // a text of more than 64,000 bytes, cut at a rune boundary and marked
	RuleUTF8                      // bytes that are not UTF-8, each replaced by U+FFFD
	RuleShed                      // did not fit into AdditionalFields, which names it
	RuleNested                    // nested deeper than 16, replaced by a text
	RuleLargeRow                  // a row of more than 999,998 bytes, with all fields cut to 1,000
	RuleNoTime                    // a record without a time
	RuleTooOld                    // TimeGenerated is older than two days: the service replaces it
	RuleAhead                     // TimeGenerated is more than a day ahead: the service replaces it
	RuleNotEnumerated             // not one of the values that the schema enumerates, written unchanged
	ruleCount
)

var ruleNames = [ruleCount]string{
	"converted", "moved", "cut", "invalid_utf8", "shed", "nested", "large_row", "no_time", "too_old", "ahead", "not_enumerated",
}

func (r Rule) String() string { return ruleNames[r] }

// Counts has how often each rule was applied to each column.
type Counts struct {
	byRule [ruleCount][256]uint32
	any    bool
}

func (c *Counts) add(r Rule, column int) {
	c.byRule[r][column]++
	c.any = true
}

// Each calls do for every count above 0.
func (c *Counts) Each(do func(r Rule, column int, n int64)) {
	if !c.any {
		return
	}
	for r := range ruleCount {
		for column, n := range c.byRule[r] {
			if n > 0 {
				do(r, column, int64(n))
			}
		}
	}
}
