// SPDX-License-Identifier: Apache-2.0

package printable

import "strings"

// Error returns the error with an escaped text, in one line. errors.Is and errors.As find what the error wraps. It returns nil for nil.
func Error(err error) error {
	if err == nil {
		return nil
	}
	return escapedError{text: textOf(err), err: err}
}

// textOf returns the escaped text of an error. The texts of joined errors, which have a line each, are separated by semicolons.
func textOf(err error) string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return String(err.Error())
	}
	var lines, texts []string
	for _, one := range joined.Unwrap() {
		lines, texts = append(lines, one.Error()), append(texts, textOf(one))
	}
	if strings.Join(lines, "\n") != err.Error() { // it has a text of its own
		return String(err.Error())
	}
	return strings.Join(texts, "; ")
}

type escapedError struct {
	text string
	err  error
}

func (e escapedError) Error() string { return e.text }

func (e escapedError) Unwrap() error { return e.err }
