// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// podWanted is the variable that makes this test's binary the process in a pod. Its value is the name that it must find.
const podWanted = "WINNET_POD_WANTED"

// mounted gives a process the files of a pod's service account where Kubernetes mounts them. Only the process sees them.
const mounted = `
mount -t tmpfs none /var/run
mkdir -p /var/run/secrets/kubernetes.io
cp -r "$1" /var/run/secrets/kubernetes.io/serviceaccount
exec "$0" -test.run '^TestAgainstARealAPIServer$'
`

var podAddress = netip.MustParseAddr("10.3.0.1")

// inAPod starts the extension with its default auth_type in a process that has what Kubernetes gives a pod: files of its account, and variables. It needs the command
// unshare, and a system that lets this account have a namespace of mounts.
func (s *servers) inAPod(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "serviceaccount")
	require.NoError(t, os.Mkdir(folder, 0o700))
	ca, err := os.ReadFile(s.ca())
	require.NoError(t, err)
	for name, text := range map[string]string{"token": s.token(t, account), "ca.crt": string(ca), "namespace": namespace} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	const pod = "seen-from-a-pod"
	_, err = s.admin.Resource(endpoints).Namespace("shop").Create(t.Context(), &unstructured.Unstructured{Object: endpoint(pod, 2000, podAddress)}, metav1.CreateOptions{})
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(s.door.address)
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	args := []string{"--mount", "sh", "-ec", mounted, program, folder}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	c := exec.CommandContext(t.Context(), "unshare", args...)
	c.Env = append(os.Environ(), podWanted+"="+pod, "KUBERNETES_SERVICE_HOST="+host, "KUBERNETES_SERVICE_PORT="+port)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// namesInAPod holds that the extension finds the pod with the account of the pod that it is in.
func namesInAPod(t *testing.T) {
	n := startNames(t, map[string]any{"node": "win1"})
	eventually(t, func() bool { return n.pod(podAddress) == os.Getenv(podWanted) }, "the pod has its name")
}
