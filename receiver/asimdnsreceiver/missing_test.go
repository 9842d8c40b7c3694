// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
)

func TestASourceIsMissingWithoutItsProviderOrTheSessionToAttachTo(t *testing.T) {
	require.True(t, missing(fmt.Errorf("wrapped: %w", session.ErrNotRegistered)))
	require.True(t, missing(fmt.Errorf("wrapped: %w", session.ErrNoSession)), "an AutoLogger starts with the next start of Windows")
	require.False(t, missing(session.ErrInUse))
	require.False(t, missing(errors.New("access denied")))
}
