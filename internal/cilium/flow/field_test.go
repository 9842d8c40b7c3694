// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// A field of a notification stands behind the field that its table names, and no place is left to chance.
func TestAFieldOfANotificationHasItsPlaceInHubblesFlow(t *testing.T) {
	place := func(name string) int {
		return slices.IndexFunc(flowFields, func(f field) bool { return f.name == name })
	}
	for _, own := range ownFields {
		if own.Hubble == "" {
			require.Empty(t, own.After+own.Others+own.Head+own.Tail, own.Attribute)
			continue
		}
		name, _, _ := strings.Cut(own.Hubble, ".")
		require.GreaterOrEqual(t, place(own.After), 0, own.Hubble)
		require.Equal(t, place(own.After)+1, place(name), own.Hubble)
		require.NoError(t, checkPath(own.Hubble))
		for other := range strings.FieldsSeq(own.Others) {
			require.NoError(t, checkPath(name+"."+other))
		}
	}
	require.ErrorContains(t, checkPath("ip_trace_id.no"), "want one of trace_id, ip_option_type")
}

// Two kinds of notifications have the field. Each writes it, and the mask's path selects it in JSON and in the line.
func TestAFieldOfTwoNotificationsIsOneFieldOfTheFlow(t *testing.T) {
	at := time.Unix(1, 0)
	for name, b := range map[string][]byte{
		"drop":  mt.Drop{Version: 3, Reason: 133, IPTraceID: 7}.Bytes(),
		"trace": mt.Trace{Version: 2, Point: 3, IPTraceID: 7}.Bytes(),
	} {
		var n monitor.Notification
		require.NoError(t, monitor.Decoder{}.Decode(b, &n))
		var f Flow
		f.Decode(&n)
		for path, has := range map[string]bool{"ip_trace_id": true, "ip_trace_id.trace_id": true, "ip_trace_id.ip_option_type": false, "verdict": false} {
			m, err := NewMask([]string{path})
			require.NoError(t, err)
			require.Equal(t, has, strings.Contains(string(m.AppendHubbleJSON(nil, &f, "", at)), `"ip_trace_id":{"trace_id":"7"}`), "%s, %s", name, path)
			require.Equal(t, has, strings.Contains(string(m.AppendLine(nil, &f, at)), "(IP Trace ID: 7; )"), "%s, %s", name, path)
		}
		require.Equal(t, 1, strings.Count(string(f.AppendHubbleJSON(nil, "", at)), "ip_trace_id"))
	}
}
