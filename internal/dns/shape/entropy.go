// SPDX-License-Identifier: Apache-2.0

package shape

import "math"

// maxLabel is the length of the longest label (RFC 1035 section 2.3.4). In its text form a label with other octets is longer.
const maxLabel = 63

// entropy computes the Shannon entropy of labels, from a table of n × log2(n).
type entropy struct {
	weights [maxLabel + 1]float64
}

func newEntropy() (e entropy) {
	for n := 2; n < len(e.weights); n++ {
		e.weights[n] = float64(n) * math.Log2(float64(n))
	}
	return e
}

// exceeds reports whether a label of a folded name has an entropy of more than so many bits per character. A label of n characters has at
// most log2(n). A label that is longer than labels are, because it has escaped octets, exceeds any.
func (e *entropy) exceeds(name []byte, bits float64) bool {
	from := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			continue
		}
		switch n := i - from; {
		case n > maxLabel:
			return true
		case e.weights[n] > float64(n)*bits && e.of(name[from:i]) > bits:
			return true
		}
		from = i + 1
	}
	return false
}

// of is the entropy of a label, in bits per character.
func (e *entropy) of(label []byte) float64 {
	if len(label) == 0 {
		return 0
	}
	var counts [256]uint8
	for _, c := range label {
		counts[c]++
	}
	sum := 0.0
	for _, c := range label {
		sum += e.weights[counts[c]]
		counts[c] = 0 // each character once
	}
	return (e.weights[len(label)] - sum) / float64(len(label))
}
