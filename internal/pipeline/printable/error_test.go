// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnErrorIsOneLineAndKeepsWhatItWraps(t *testing.T) {
	require.NoError(t, Error(nil))
	err := Error(errors.Join(&fs.PathError{Op: "open", Path: "a\x1b\u202e\n.etl", Err: fs.ErrNotExist}, errors.New("b")))
	require.EqualError(t, err, `open a\u001b\u202e\u000a.etl: file does not exist; b`)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
