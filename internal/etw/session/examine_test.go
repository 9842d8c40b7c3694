// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestModesThatAreNotInForceAreNamed(t *testing.T) {
	assert.Empty(t, NotGranted(logFileMode))
	assert.Equal(t, []Mode{{modeIndependentSession, "EVENT_TRACE_INDEPENDENT_SESSION_MODE"}}, NotGranted(logFileMode&^modeIndependentSession))
	assert.Len(t, NotGranted(0), 3)
}
