// SPDX-License-Identifier: Apache-2.0

// The settings: the enabled events and the aggregation level.

package obsconfig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Settings are the events that the datapath emits.
type Settings struct {
	// Events are the kinds that are enabled. DROP always is, whether or not it is named.
	Events []monitor.Kind
	// Level is the aggregation level of the datapath.
	Level Level
}

// enabled reports whether events of kind k are wanted. Drops cannot be disabled.
func (s *Settings) enabled(k monitor.Kind) bool {
	return k == monitor.KindDrop || slices.Contains(s.Events, k)
}

// Level is a monitor aggregation level with its meaning on Linux. none reports every event, low reports sent packets only, and medium and
// maximum report each connection once an interval for a set of TCP flags.
type Level uint8

// The levels, each aggregating more than the one before.
const (
	LevelNone Level = iota
	LevelLow
	LevelMedium
	LevelMaximum
)

// levelNames is indexed by Level.
var levelNames = [...]string{"none", "low", "medium", "maximum"}

// levelValues are Cilium's numbers of the levels, indexed by Level (pkg/option/monitor.go; 1 is "lowest").
var levelValues = [...]uint64{0, 2, 3, 4}

// String returns the level's name in the configuration.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// ParseLevel returns the level with a name, in any case. max is maximum, as in Cilium. The error has the value and what is allowed.
func ParseLevel(name string) (Level, error) {
	if strings.EqualFold(name, "max") {
		return LevelMaximum, nil
	}
	for i, n := range levelNames {
		if strings.EqualFold(name, n) {
			return Level(i), nil
		}
	}
	return LevelNone, fmt.Errorf("aggregation level %q: want one of %s", name, strings.Join(levelNames[:], ", "))
}
