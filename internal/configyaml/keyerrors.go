// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"errors"
	"fmt"
)

// KeyErrors collects the errors of a configuration. The zero value has none.
type KeyErrors []error

// Add adds an error about the value of a key as "key: error". A nil error adds nothing.
func (e *KeyErrors) Add(key string, err error) {
	if err != nil {
		*e = append(*e, fmt.Errorf("%s: %w", key, err))
	}
}

// Join returns all errors as one, or nil if there is none.
func (e KeyErrors) Join() error { return errors.Join(e...) }
