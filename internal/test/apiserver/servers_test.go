// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

const (
	// adminToken is of a member of system:masters.
	adminToken = "the-administrators-token"
	wait       = 120 * time.Second
)

// servers are an etcd and a kube-apiserver on loopback addresses, and a door to the latter that can be shut.
type servers struct {
	t               *testing.T // of the servers, which outlive a part of the test
	folder          string
	etcd, peer      string
	address         string // of the API server
	door            *door
	etcdRun, apiRun *exec.Cmd
	admin           dynamic.Interface
}

// startServers starts both servers, which end with the test.
func startServers(t *testing.T) *servers {
	s := &servers{t: t, folder: t.TempDir(), etcd: loopback.Address(t), peer: loopback.Address(t), address: loopback.Address(t)}
	s.etcdRun = s.run(t, "etcd", "--name=test", "--data-dir="+s.folder+"/etcd", "--listen-client-urls=http://"+s.etcd, "--advertise-client-urls=http://"+s.etcd,
		"--listen-peer-urls=http://"+s.peer, "--initial-advertise-peer-urls=http://"+s.peer, "--initial-cluster=test=http://"+s.peer, "--unsafe-no-fsync", "--log-level=error")
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600))
	}
	write("tokens.csv", adminToken+",admin,1,\"system:masters\"\n")
	write("sa.key", signingKey(t))
	certificate, key := serving(t)
	write("serving.crt", certificate)
	write("serving.key", key)
	s.startAPI(t)
	s.door = openDoor(t, s.address)

	config := &rest.Config{Host: "https://" + s.address, BearerToken: adminToken, TLSClientConfig: rest.TLSClientConfig{CAFile: s.ca()}, QPS: -1}
	var err error
	s.admin, err = dynamic.NewForConfig(config)
	require.NoError(t, err)
	return s
}

// ca is the file with the API server's certificate.
func (s *servers) ca() string { return filepath.Join(s.folder, "serving.crt") }

// run starts a server. It is killed at the end of the test, and at the latest with the test's process.
func (s *servers) run(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	folder := os.Getenv("WINNET_SERVERS")
	require.NotEmpty(t, folder, "WINNET_SERVERS does not name the folder of the built servers; make test-apiserver builds them")
	log, err := os.OpenFile(filepath.Join(s.folder, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	c := exec.Command(filepath.Join(folder, name), args...)
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, c.Start())
	s.t.Cleanup(func() {
		kill(c)
		log.Close()
		if s.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			s.t.Logf("the end of %s's log:\n%s", name, text[max(0, len(text)-2000):])
		}
	})
	return c
}

func kill(c *exec.Cmd) {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}

// startAPI starts the API server, and waits until it is ready.
func (s *servers) startAPI(t *testing.T) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.address)
	require.NoError(t, err)
	file := func(name string) string { return filepath.Join(s.folder, name) }
	s.apiRun = s.run(t, "kube-apiserver", "--etcd-servers=http://"+s.etcd, "--service-account-key-file="+file("sa.key"), "--service-account-signing-key-file="+file("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file="+file("tokens.csv"), "--authorization-mode=RBAC", "--bind-address=127.0.0.1",
		"--secure-port="+port, "--cert-dir="+file("certs"), "--tls-cert-file="+file("serving.crt"), "--tls-private-key-file="+file("serving.key"), "--service-cluster-ip-range=10.96.0.0/16", "--etcd-compaction-interval=0")
	client := &http.Client{Timeout: 2 * time.Second, Transport: insecure()}
	ready := func() bool {
		if s.apiRun.ProcessState != nil {
			return false
		}
		response, err := client.Get("https://" + s.address + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
	require.Eventually(t, ready, wait, 100*time.Millisecond, "the API server is not ready")
}

// compact makes etcd forget all revisions but the last one.
func (s *servers) compact(t *testing.T) {
	t.Helper()
	ask := func(path, body string) map[string]any {
		response, err := http.Post("http://"+s.etcd+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer response.Body.Close()
		raw, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "%s", raw)
		answer := map[string]any{}
		require.NoError(t, json.Unmarshal(raw, &answer))
		return answer
	}
	status := ask("/v3/maintenance/status", "{}")
	revision := status["header"].(map[string]any)["revision"]
	ask("/v3/kv/compaction", fmt.Sprintf(`{"revision": "%v", "physical": true}`, revision))
}

// create creates an object as the administrator.
func (s *servers) create(ctx context.Context, resource schema.GroupVersionResource, object map[string]any) error {
	u := &unstructured.Unstructured{Object: object}
	_, err := s.admin.Resource(resource).Namespace(u.GetNamespace()).Create(ctx, u, metav1.CreateOptions{FieldValidation: "Strict"})
	return err
}

// apply creates the objects of a manifest. Those that are there stay.
func (s *servers) apply(t *testing.T, manifest []byte) {
	t.Helper()
	for _, document := range strings.Split(string(manifest), "\n---\n") {
		object := map[string]any{}
		require.NoError(t, yaml.Unmarshal([]byte(document), &object))
		u := unstructured.Unstructured{Object: object}
		resource := map[string]schema.GroupVersionResource{
			"CustomResourceDefinition": {Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
			"ServiceAccount":           {Version: "v1", Resource: "serviceaccounts"},
			"ClusterRole":              {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"},
			"ClusterRoleBinding":       {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"},
		}[u.GetKind()]
		require.NotEmpty(t, resource, u.GetKind())
		require.NoError(t, s.create(t.Context(), resource, object), "%s %s", u.GetKind(), u.GetName())
	}
}
