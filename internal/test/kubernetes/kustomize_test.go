// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var update = flag.Bool("update", false, "write deploy/kubernetes/kustomize")

const (
	baseFolder   = "../../../deploy/kubernetes/kustomize/base"
	namesFolder  = "../../../deploy/kubernetes/kustomize/names"
	hubbleFolder = "../../../deploy/kubernetes/kustomize/hubble"
)

// base makes the files of the Kustomize base of the chart's rendered files: by component, without Helm's own labels.
func base(files map[string]string) map[string]string {
	parts := map[string]map[string]string{"agent.yaml": {}, "gateway.yaml": {}}
	for name, text := range files {
		part := "gateway.yaml"
		if name == "agent-rbac.yaml" {
			parts["rbac.yaml"] = map[string]string{name: text}
			continue
		}
		if strings.HasPrefix(name, "agent-") {
			part = "agent.yaml"
		}
		if name == "serviceaccounts.yaml" {
			accounts := strings.Split(strings.TrimPrefix(strings.TrimSpace(text), "---\n"), "\n---\n")
			parts["agent.yaml"]["serviceaccount"], parts["gateway.yaml"]["serviceaccount"] = accounts[0], accounts[1]
			continue
		}
		parts[part][name] = text
	}
	made := map[string]string{}
	for name, part := range parts {
		text := regexp.MustCompile(`(?m)^ *helm\.sh/chart: .*\n`).ReplaceAllString(manifest(part), "")
		text = strings.ReplaceAll(text, "app.kubernetes.io/managed-by: Helm", "app.kubernetes.io/managed-by: Kustomize")
		made[name] = "# Made from the chart by make kustomize. Do not edit: patch it in an overlay.\n" + strings.TrimPrefix(text, "---\n")
	}
	return made
}

func TestTheKustomizeBaseIsWhatTheChartRenders(t *testing.T) {
	values := given(t, "../../../../deploy/kubernetes/kustomize/values")
	for folder, values := range map[string]string{baseFolder: values, namesFolder: values + withNames, hubbleFolder: values + withHubble} {
		files, err := render(values)
		require.NoError(t, err)
		made := base(files)
		if folder != baseFolder { // the gateway is the base's
			require.Contains(t, made, "rbac.yaml")
			delete(made, "gateway.yaml")
		}
		for name, want := range made {
			path := filepath.Join(folder, name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
			}
			have, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, want, string(have), "run make kustomize")
		}
	}
}

// withNames are the values of the component with names, beside those of the base; withHubble are those of the component with Hubble's API as well.
const (
	withNames  = "agent: {sources: {dnsClient: false}, names: {enabled: true}}\n"
	withHubble = "agent: {sources: {dnsClient: false}, names: {enabled: true}, hubble: {enabled: true}}\n"
)

func TestKubernetesAcceptsTheKustomizeBase(t *testing.T) {
	n := 0
	for _, name := range []string{"namespace.yaml", "agent.yaml", "gateway.yaml"} {
		raw, err := os.ReadFile(filepath.Join(baseFolder, name))
		require.NoError(t, err)
		objects, err := decoded(raw)
		require.NoError(t, err)
		n += len(objects)
	}
	require.Equal(t, 10, n)
}

// The overlay for users to copy is built by Kustomize itself, as kubectl apply -k does.
func TestTheExampleOfAnOverlayChangesWhatAUserSets(t *testing.T) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../../deploy/kubernetes/kustomize/example")
	require.NoError(t, err)
	text, err := resources.AsYaml()
	require.NoError(t, err)
	objects, err := decoded(text)
	require.NoError(t, err)
	require.Len(t, objects, 10)
	gateway := one[*appsv1.Deployment](t, objects)
	require.Equal(t, int32(3), *gateway.Spec.Replicas)
	require.Equal(t, "registry.contoso.com/otelcol-winnet-gateway:0.1.0", gateway.Spec.Template.Spec.Containers[0].Image)
	for _, o := range objects {
		if m, ok := o.(*corev1.ConfigMap); ok && m.Name == "otelcol-winnet-gateway" {
			require.Equal(t, "dcr-00112233445566778899aabbccddeeff", m.Data["AZURE_DCR_ID"])
			require.Contains(t, m.Data["config.yaml"], "sentinel:")
		}
	}
	require.NotContains(t, string(text), "dcr-00000000000000000000000000000000")
}

// A component beside the base, as the documents say, makes what the chart does with the same values.
func TestAComponentChangesTheAgentOfTheBase(t *testing.T) {
	for component, values := range map[string]string{"names": withNames, "hubble": withHubble} {
		files := filesys.MakeFsInMemory()
		require.NoError(t, filepath.WalkDir("../../../deploy/kubernetes/kustomize", func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return files.WriteFile(strings.TrimPrefix(path, "../../.."), raw)
		}))
		require.NoError(t, files.WriteFile("/deploy/kubernetes/kustomize/own/kustomization.yaml", []byte("resources: [../base]\ncomponents: [../"+component+"]\n")))
		resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/deploy/kubernetes/kustomize/own")
		require.NoError(t, err)
		text, err := resources.AsYaml()
		require.NoError(t, err)
		made, err := decoded(text)
		require.NoError(t, err)
		chart := rendered(t, given(t, "../../../../deploy/kubernetes/kustomize/values")+values)
		require.Len(t, made, len(chart)+1, "the base has the namespace, too")
		want, have := one[*appsv1.DaemonSet](t, chart).Spec.Template.Spec, one[*appsv1.DaemonSet](t, made).Spec.Template.Spec
		require.ElementsMatch(t, want.Containers[0].Env, have.Containers[0].Env)
		require.ElementsMatch(t, want.Containers[0].Ports, have.Containers[0].Ports)
		require.ElementsMatch(t, want.Containers[0].VolumeMounts, have.Containers[0].VolumeMounts)
		require.ElementsMatch(t, want.Volumes, have.Volumes)
		require.Equal(t, want.Containers[0].Image, have.Containers[0].Image)
		require.Equal(t, want.AutomountServiceAccountToken, have.AutomountServiceAccountToken)
		require.Equal(t, agentConfig(t, chart), agentConfig(t, made))
		require.Equal(t, one[*rbacv1.ClusterRole](t, chart).Rules, one[*rbacv1.ClusterRole](t, made).Rules)
	}
}
