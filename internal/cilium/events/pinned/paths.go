// SPDX-License-Identifier: Apache-2.0

// The pins of a host.

package pinned

import (
	"errors"
	"fmt"
)

// Pin is a pinned object.
type Pin struct {
	Path string
	Kind string // map, program or link; or the number that the kernel has for another kind
}

// maxPins bounds what List returns.
const maxPins = 1000

// errNoMore is the end of a walk.
var errNoMore = errors.New("no more pins")

// walk collects pins. next returns the first pin whose path is greater than after, and errNoMore if there is none.
func walk(next func(after string) (Pin, error)) (pins []Pin, err error) {
	for after := ""; ; {
		p, err := next(after)
		switch {
		case errors.Is(err, errNoMore):
			return pins, nil
		case err != nil:
			return pins, err
		case p.Path <= after:
			return pins, fmt.Errorf("the pin after %q is %q, which is not greater", after, p.Path)
		case len(pins) == maxPins:
			return pins, fmt.Errorf("there are more than %d pins", maxPins)
		}
		pins, after = append(pins, p), p.Path
	}
}
