// SPDX-License-Identifier: Apache-2.0

// The bounds of a request. A megabyte of empty filters takes half a gigabyte of memory once it is read, and a regular expression of 3 KB takes 130 MB.

package observer

import (
	"fmt"
	"regexp/syntax"
	"slices"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// maxValues is the largest number of values in a request, including those of its filters. A filter takes at most about 1 KB of memory.
	maxValues = 4096
	// maxText is the largest size of all patterns, selectors and expressions of a request, in bytes.
	maxText = 32 << 10
	// maxStates is the largest number of parts of all patterns of a request, with repetitions written out. A part takes about 40 bytes.
	maxStates = 64 << 10
	// maxPattern is the largest size of a pattern, in bytes. Parsing takes up to 2 KB of memory for each byte.
	maxPattern = 2 << 10
	// maxExpressions is the largest number of CEL expressions in a request. Each takes 15 KB of memory, and at most maxCost for a flow.
	maxExpressions = 16
)

// CheckValues returns an error for a message in wire form that has more values than a request may have. It accepts malformed messages.
func CheckValues(raw []byte, message protoreflect.MessageDescriptor) error {
	if countValues(raw, message, 0) > maxValues {
		return fmt.Errorf("the request has more than %d values; want fewer filters", maxValues)
	}
	return nil
}

// countValues adds the number of a message's values to n. It stops when there are too many.
func countValues(raw []byte, message protoreflect.MessageDescriptor, n int) int {
	for len(raw) > 0 && n <= maxValues {
		number, typ, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return n
		}
		raw = raw[size:]
		if size = protowire.ConsumeFieldValue(number, typ, raw); size < 0 {
			return n
		}
		n++
		if field := message.Fields().ByNumber(number); field != nil && field.Message() != nil && typ == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(raw)
			n = countValues(inner, field.Message(), n)
		}
		raw = raw[size:]
	}
	return n
}

// checkFilters returns an error for filters whose patterns, selectors and expressions exceed the bounds of a request.
func checkFilters(lists ...[]*flowpb.FlowFilter) error {
	var patterns []string
	text, expressions := 0, 0
	for _, list := range lists {
		for _, f := range list {
			regular := slices.Concat(f.GetHttpPath(), f.GetHttpUrl(), f.GetDnsQuery())
			patterns = append(patterns, regular...)
			expressions += len(f.GetExperimental().GetCelExpression())
			for _, one := range slices.Concat(regular, f.GetNodeName(), f.GetSourceFqdn(), f.GetDestinationFqdn(), f.GetSourceLabel(), f.GetDestinationLabel(),
				f.GetNodeLabels(), f.GetExperimental().GetCelExpression()) {
				text += len(one)
			}
		}
	}
	if text > maxText {
		return status.Errorf(codes.InvalidArgument, "the patterns, selectors and expressions of the filters have %d bytes; want at most %d", text, maxText)
	}
	if expressions > maxExpressions {
		return status.Errorf(codes.InvalidArgument, "the filters have %d CEL expressions; want at most %d", expressions, maxExpressions)
	}
	if err := checkPatterns(patterns...); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return nil
}

// checkPatterns returns an error for regular expressions that become too large. It accepts malformed ones: Hubble's filters refuse them.
func checkPatterns(patterns ...string) error {
	return checkParts(maxStates, patterns...)
}

func checkParts(most int, patterns ...string) error {
	n := 0
	for _, pattern := range patterns {
		if len(pattern) > maxPattern {
			return fmt.Errorf("a regular expression has %d bytes; want at most %d", len(pattern), maxPattern)
		}
		if n += parts(pattern); n > most {
			break
		}
	}
	if n > most {
		return fmt.Errorf("the regular expressions have %d parts, repetitions written out; want at most %d", n, most)
	}
	return nil
}

// parts returns the number of parts of a pattern, or 0 if the pattern is malformed or too long.
func parts(pattern string) int {
	if len(pattern) > maxPattern {
		return 0
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return states(re)
}

// states is about how many parts a regular expression has once its repetitions are written out. The parser bounds each to some millions.
func states(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += states(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min+1, re.Max, 1)
	}
	return n
}
