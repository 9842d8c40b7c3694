// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// network makes the interfaces of a host whose first one is a NAT's, in a network namespace of its own.
const network = `
ip link set lo up
ip link add nat0 type veth peer name nat1
ip addr add 172.17.0.1/16 dev nat0
ip link add lan0 type veth peer name lan1
ip addr add 198.51.100.7/24 dev lan0
for i in nat0 nat1 lan0 lan1; do ip link set $i up; done
ip route add default via 172.17.0.2 metric 500
ip route add default via 198.51.100.1 metric 20
exec "$0" -test.run '^TestTheAddressOfANATIsNotTheHosts$'
`

// It needs root, and the commands ip and unshare. Elsewhere make test reports that it was not run.
func TestTheAddressOfANATIsNotTheHosts(t *testing.T) {
	const inside = "WINNET_IN_NETWORK"
	if os.Getenv(inside) != "" {
		fmt.Printf("first %v, host %v\n", firstAddr(), Addr())
		return
	}
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command("unshare", "--net", "sh", "-ec", network, program)
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "first ") {
		t.Skipf("not run: it needs root and a network namespace: %v\n%s", err, out)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "first 172.17.0.1, host 198.51.100.7\n")
}
