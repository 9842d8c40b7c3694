// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"errors"
	"fmt"
)

// KeyErrors are the errors of a configuration. The zero value has none.
type KeyErrors []error

// Add adds an error under the key whose value it is about: "key: error". A nil error adds nothing.
func (e *KeyErrors) Add(key string, err error) {
	if err != nil {
		*e = append(*e, fmt.Errorf("%s: %w", key, err))
	}
}

// Join gives all as one error; nil where there is none.
func (e KeyErrors) Join() error { return errors.Join(e...) }
