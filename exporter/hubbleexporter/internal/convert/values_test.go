// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// notRead has the attributes of Hubble's fields that need not be read, each with the reason.
func notRead() map[string]string {
	reasons := map[string]string{
		"Src": "SrcIpAddr has it", "Dst": "DstIpAddr has it",
		"SrcAppType": "always Service", "DstAppType": "always Service",
		"cilium.source.identity_name": "follows from the number", "cilium.destination.identity_name": "follows from the number",
		"cilium.policy.verdict": "cilium.verdict and DvcAction have it",
		"cilium.raw":            "no flow has it",
	}
	for _, name := range []string{
		"DstNatIpAddr", "NetworkConnectionHistory", "cilium.policy.egress.match_type", "cilium.policy.ingress.match_type", "cilium.policy.egress.verdict",
		"cilium.policy.ingress.verdict", "cilium.policy.egress.auth_type", "cilium.policy.ingress.auth_type",
	} {
		reasons[name] = "only the record of a connection has it, which is no flow"
	}
	return reasons
}

// A new attribute of the receiver that nothing reads would be missing in the flows of Hubble's API.
func TestEveryAttributeOfAFieldOfHubbleIsRead(t *testing.T) {
	readme, err := os.ReadFile("../../../../receiver/ciliumwindowsreceiver/README.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(readme), "\n### Attributes\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n### ")
	reasons, number := notRead(), 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| `[^|]+` \\|").FindAllStringSubmatch(table, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			name = strings.Trim(name, "`")
			_, unread := reasons[name]
			require.NotEqual(t, unread, isRead(name), "%s: either values.take reads it, or notRead says why no flow needs it", name)
			delete(reasons, name)
			number++
		}
	}
	require.Greater(t, number, 80)
	require.Empty(t, reasons, "the receiver's table has no such attribute")
}

// isRead reports whether a value of the attribute is read.
func isRead(name string) bool {
	list := pcommon.NewValueSlice()
	list.Slice().AppendEmpty().SetStr("1")
	for _, value := range []pcommon.Value{pcommon.NewValueStr("1"), pcommon.NewValueBool(true), list} {
		var v values
		v.take(name, value)
		if !reflect.ValueOf(v).IsZero() {
			return true
		}
	}
	return false
}
