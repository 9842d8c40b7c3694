// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// given reads a set of values.
func given(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("values", name+".yaml"))
	require.NoError(t, err)
	return string(text)
}

// rendered renders the chart and returns the objects, which Kubernetes has accepted.
func rendered(t *testing.T, values string) []runtime.Object {
	t.Helper()
	files, err := render(values)
	require.NoError(t, err)
	objects, err := decoded([]byte(manifest(files)))
	require.NoError(t, err)
	return objects
}

// one returns the only object of a type.
func one[T runtime.Object](t *testing.T, objects []runtime.Object) (found T) {
	t.Helper()
	n := 0
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			found, n = typed, n+1
		}
	}
	require.Equal(t, 1, n, "%T", found)
	return found
}

// sets are the names of the sets of values.
func sets(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("values/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	require.Len(t, names, 7)
	return names
}

func TestKubernetesAcceptsTheObjectsOfEverySetOfValues(t *testing.T) {
	objects := map[string]int{"sentinel": 9, "app-insights": 3, "gateway-app-insights": 9, "other-gateway": 3, "everything": 9, "hubble": 11, "names": 11}
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			require.Len(t, rendered(t, given(t, set)), objects[set])
		})
	}
}

// Each fault is one edit of what is rendered.
func TestKubernetesRefusesAnObjectWithAFault(t *testing.T) {
	files, err := render(given(t, "sentinel"))
	require.NoError(t, err)
	text := manifest(files)
	for _, fault := range []struct{ name, before, after, want string }{
		{"unknown field", "      tolerations:\n", "      toleration:\n", `unknown field "spec.template.spec.toleration"`},
		{"unknown field of a probe", "periodSeconds: 5\n", "period: 5\n", `unknown field`},
		{"wrong type", "  replicas: 2\n", "  replicas: two\n", "cannot unmarshal string into Go struct field"},
		{"text for a number", "terminationGracePeriodSeconds: 75", `terminationGracePeriodSeconds: "75"`, "cannot unmarshal string into Go struct field"},
		{"field twice", "      hostNetwork: true\n", "      hostNetwork: true\n      hostNetwork: true\n", "hostNetwork"},
		{"HostProcess in a network of its own", "      hostNetwork: true\n", "", "hostNetwork must be true"},
		{"missing image", "image: ghcr.io/otelcol-winnet/otelcol-winnet:0.1.0", "image: ''", "image: Required value"},
		{"request above the limit", "memory: 704Mi", "memory: 2Gi", "must be less than or equal to memory limit"},
		{"selector of other pods", "  selector:\n    matchLabels:\n      app.kubernetes.io/name: otelcol-winnet", "  selector:\n    matchLabels:\n      app.kubernetes.io/name: other", "`selector` does not match template `labels`"},
		{"probe of a port without a name", "port: health,", "port: heal_th,", "must contain only alpha-numeric characters"},
		{"volume that is not there", "{name: storage, mountPath:", "{name: stor, mountPath:", "volumeMounts[2].name: Not found"},
		{"kind of no API", "kind: NetworkPolicy", "kind: NetworkPolice", "no kind \"NetworkPolice\" is registered"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			require.Contains(t, text, fault.before)
			_, err := decoded([]byte(strings.Replace(text, fault.before, fault.after, 1)))
			require.ErrorContains(t, err, fault.want)
		})
	}
}

func TestTheChartRefusesValuesThatItDoesNotKnow(t *testing.T) {
	for _, fault := range []struct{ name, values, want string }{
		{"unknown key", "agent: {tolerance: []}", "tolerance"},
		{"unknown key at the top", "agents: {}", "agents"},
		{"wrong type", "gateway: {replicas: two}", "replicas"},
		{"name with a dot, which no Service has", "fullnameOverride: winnet.security", "fullnameOverride"},
		{"a port that is none", "agent: {ports: {health: 0}}", "health"},
		{"a port twice", "agent: {exporter: app_insights, ports: {metrics: 13134}}\ngateway: {enabled: false}", "agent.ports"},
		{"the port of hubble twice", "agent: {exporter: app_insights, sources: {dnsClient: false}, ports: {live: 4244}, hubble: {enabled: true, port: 4244}}\ngateway: {enabled: false}", "agent.ports"},
		{"unknown volume", "agent: {volume: small}", "volume"},
		{"unknown exporter", "gateway: {exporter: kafka}", "exporter"},
		{"memory without a unit", "agent: {resources: {limits: {memory: 640}}}", "memory"},
		{"a secret", "agent: {appInsights: {connectionString: InstrumentationKey=0}}", "connectionString"},
		{"no endpoint of Sentinel", "gateway: {sentinel: {ruleId: dcr-00112233445566778899aabbccddeeff}}", "gateway.sentinel.endpoint"},
		{"no rule of Sentinel", "gateway: {sentinel: {endpoint: 'https://x'}}", "gateway.sentinel.ruleId"},
		{"no source", "agent: {exporter: app_insights, sources: {cilium: false, dnsClient: false}}\ngateway: {enabled: false}", "agent.sources"},
		{"hubble with a DNS receiver", "agent: {exporter: app_insights, hubble: {enabled: true}}\ngateway: {enabled: false}", "agent.hubble"},
		{"hubble with sums", "agent: {exporter: app_insights, volume: lean, sources: {dnsClient: false}, hubble: {enabled: true}}\ngateway: {enabled: false}", "agent.hubble"},
		{"hubble with a wrong number of flows", "agent: {hubble: {maxFlows: 4096}}", "maxFlows"},
		{"hubble without TLS", "agent: {hubble: {tlsSecret: ''}}", "tlsSecret"},
		{"names with a DNS receiver", "agent: {exporter: app_insights, names: {enabled: true}}\ngateway: {enabled: false}", "agent.names"},
		{"names of an unknown kind", "agent: {names: {identities: nodes}}", "identities"},
		{"agents without a gateway", "gateway: {enabled: false}", "agent.gateway.endpoint"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			_, err := render(fault.values)
			require.ErrorContains(t, err, fault.want)
		})
	}
}

func TestTheAgentRunsAsSystemInTheHostsNetworkOnEveryWindowsNode(t *testing.T) {
	set := one[*appsv1.DaemonSet](t, rendered(t, given(t, "sentinel")))
	pod := set.Spec.Template.Spec
	require.True(t, pod.HostNetwork)
	require.True(t, *pod.SecurityContext.WindowsOptions.HostProcess)
	require.Equal(t, `NT AUTHORITY\SYSTEM`, *pod.SecurityContext.WindowsOptions.RunAsUserName)
	require.Equal(t, "windows", pod.NodeSelector["kubernetes.io/os"])
	require.Equal(t, []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, pod.Tolerations)
	require.Equal(t, `C:\ProgramData\otelcol-winnet`, pod.Volumes[2].HostPath.Path)
	require.Equal(t, 0, set.Spec.UpdateStrategy.RollingUpdate.MaxSurge.IntValue(), "two pods of a node would read the same session and map")
}

// TestTheAgentsPortsCanBeOthers: agents use the network of their node, where another collector may have the usual ones.
func TestTheAgentsPortsCanBeOthers(t *testing.T) {
	for _, set := range []string{"other-gateway", "names"} {
		values := given(t, set)
		require.Contains(t, values, "\nagent:\n")
		files, err := render(strings.Replace(values, "\nagent:\n", "\nagent:\n  ports: {health: 23133, live: 23134, metrics: 28888}\n  exposeMetrics: true\n", 1))
		require.NoError(t, err)
		for _, name := range []string{"agent-configmap.yaml", "agent-daemonset.yaml"} {
			require.NotRegexp(t, `\b(13133|13134|8888)\b`, files[name], name)
			for _, port := range []string{"23133", "23134", "28888"} {
				require.Contains(t, files[name], port, name)
			}
		}
		if gateway, ok := files["gateway-configmap.yaml"]; ok {
			require.Contains(t, gateway, ":13133\n", "its pods have a network of their own")
		}
	}
}

func TestNoAccountHasATokenOrARoleWithoutNames(t *testing.T) {
	for _, set := range sets(t) {
		if set == "names" || set == "hubble" {
			continue
		}
		for _, o := range rendered(t, given(t, set)) {
			switch o := o.(type) {
			case *corev1.ServiceAccount:
				require.False(t, *o.AutomountServiceAccountToken, o.Name)
			case *appsv1.DaemonSet:
				require.False(t, *o.Spec.Template.Spec.AutomountServiceAccountToken, o.Name)
			case *appsv1.Deployment:
				require.False(t, *o.Spec.Template.Spec.AutomountServiceAccountToken, o.Name)
			}
			require.NotContains(t, []string{"Secret", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}, o.GetObjectKind().GroupVersionKind().Kind)
		}
	}
}

// With names the agent's account, and no other one, may list and watch what the extension k8s_names follows.
func TestWithNamesTheAgentMayListAndWatchWhatItFollows(t *testing.T) {
	for names, cilium := range map[string][]string{
		"endpointSlices: true": {"ciliumendpointslices", "ciliumidentities"}, "endpointSlices: false": {"ciliumendpoints", "ciliumidentities"}, "identities: pods": nil,
	} {
		objects := rendered(t, strings.Replace(given(t, "names"), "endpointSlices: true", names, 1))
		rules := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes", "pods", "services"}, Verbs: []string{"list", "watch"}}}
		if cilium != nil {
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{"cilium.io"}, Resources: cilium, Verbs: []string{"list", "watch"}})
		}
		role, binding := one[*rbacv1.ClusterRole](t, objects), one[*rbacv1.ClusterRoleBinding](t, objects)
		require.Equal(t, rules, role.Rules)
		require.Equal(t, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}, binding.RoleRef)
		set := one[*appsv1.DaemonSet](t, objects)
		require.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: set.Spec.Template.Spec.ServiceAccountName, Namespace: set.Namespace}}, binding.Subjects)
		require.True(t, *set.Spec.Template.Spec.AutomountServiceAccountToken)
		require.Equal(t, "ghcr.io/otelcol-winnet/otelcol-winnet-node:0.1.0", set.Spec.Template.Spec.Containers[0].Image)
		require.False(t, *one[*appsv1.Deployment](t, objects).Spec.Template.Spec.AutomountServiceAccountToken)
		for _, o := range objects {
			if account, ok := o.(*corev1.ServiceAccount); ok {
				require.Equal(t, account.Name == set.Spec.Template.Spec.ServiceAccountName, *account.AutomountServiceAccountToken, account.Name)
			}
		}
	}
}

// Hubble's API asks for no right, and listens where Relay looks for it: at the address of the node, with a certificate, for clients that have one.
func TestHubblesAPIIsServedAtTheNodesAddressWithCertificatesOnBothSides(t *testing.T) {
	values := given(t, "hubble")
	objects := rendered(t, values)
	set := one[*appsv1.DaemonSet](t, objects)
	container := set.Spec.Template.Spec.Containers[0]
	require.Equal(t, "registry.contoso.com/otelcol-winnet-node:0.1.0", container.Image)
	require.Contains(t, container.Ports, corev1.ContainerPort{Name: "hubble", ContainerPort: 4245, HostPort: 4245, Protocol: "TCP"})
	require.Contains(t, container.VolumeMounts, corev1.VolumeMount{Name: "hubble", MountPath: "/etc/otelcol-winnet/hubble", ReadOnly: true})
	i := slices.IndexFunc(set.Spec.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == "hubble" })
	require.Equal(t, "hubble-server-certs", set.Spec.Template.Spec.Volumes[i].Secret.SecretName)
	i = slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == "NODE_IP" })
	require.Equal(t, "status.hostIP", container.Env[i].ValueFrom.FieldRef.FieldPath)
	config := agentConfig(t, objects)
	hubble := exporter(t, config, "hubble")
	require.Equal(t, "0.0.0.0:4245", hubble["endpoint"])
	require.Equal(t, section{"address": "${env:NODE_IP}:4245"}, hubble["peers"])
	require.Equal(t, "${env:NODE_NAME}", hubble["node_name"])
	require.Equal(t, "C:/etc/otelcol-winnet/hubble/ca.crt", hubble["tls"].(section)["client_ca_file"])
	require.Contains(t, config, "exporters: [otlp_grpc, hubble]")

	// Without names it is the same, and the account has no role and no token.
	alone := rendered(t, strings.Replace(values, "names: {enabled: true", "names: {enabled: false", 1))
	require.Len(t, alone, len(objects)-2)
	require.NotContains(t, agentConfig(t, alone), "k8s_names")
	require.Equal(t, hubble, exporter(t, agentConfig(t, alone), "hubble"))
	set = one[*appsv1.DaemonSet](t, alone)
	require.False(t, *set.Spec.Template.Spec.AutomountServiceAccountToken)
	require.Equal(t, "registry.contoso.com/otelcol-winnet-node:0.1.0", set.Spec.Template.Spec.Containers[0].Image)
	role := one[*rbacv1.ClusterRole](t, objects)
	require.Equal(t, one[*rbacv1.ClusterRole](t, rendered(t, strings.Replace(values, "hubble: {enabled: true", "hubble: {enabled: false", 1))).Rules, role.Rules)
}

// agentConfig is the agent's configuration.
func agentConfig(t *testing.T, objects []runtime.Object) string {
	t.Helper()
	for _, o := range objects {
		if m, ok := o.(*corev1.ConfigMap); ok && m.Labels["app.kubernetes.io/component"] == "agent" {
			return m.Data["config.yaml"]
		}
	}
	t.Fatal("no ConfigMap of the agent")
	return ""
}

func TestTheGatewayCannotWriteOrGainRights(t *testing.T) {
	pod := one[*appsv1.Deployment](t, rendered(t, given(t, "sentinel"))).Spec.Template.Spec
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	container := pod.Containers[0].SecurityContext
	require.True(t, *container.ReadOnlyRootFilesystem)
	require.False(t, *container.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, container.Capabilities.Drop)
}

// goMemory is the variable GOMEMLIMIT of a pod's only container.
func goMemory(t *testing.T, pod corev1.PodSpec) string {
	t.Helper()
	require.Len(t, pod.Containers, 1)
	for _, v := range pod.Containers[0].Env {
		if v.Name == "GOMEMLIMIT" {
			return v.Value
		}
	}
	t.Fatal("no GOMEMLIMIT")
	return ""
}

func TestGOMEMLIMITIs90PercentOfTheLimit(t *testing.T) {
	objects := rendered(t, given(t, "sentinel"))
	require.Equal(t, "576MiB", goMemory(t, one[*appsv1.DaemonSet](t, objects).Spec.Template.Spec))
	require.Equal(t, "921MiB", goMemory(t, one[*appsv1.Deployment](t, objects).Spec.Template.Spec))
	require.Equal(t, "1843MiB", goMemory(t, one[*appsv1.DaemonSet](t, rendered(t, given(t, "other-gateway"))).Spec.Template.Spec))
}

// docs/sizing.md computes the GOMEMLIMIT of a gateway, and the parts of an agent's.
func TestTheDefaultLimitsHoldWhatTheSizingSays(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/sizing.md")
	require.NoError(t, err)
	figure := func(pattern string) (mebibytes int64) {
		t.Helper()
		m := regexp.MustCompile(pattern).FindSubmatch(raw)
		require.NotNil(t, m, pattern)
		_, err := fmt.Sscan(string(m[1]), &mebibytes)
		require.NoError(t, err)
		return mebibytes << 20
	}
	room, held := figure("`GOMEMLIMIT` = what it holds \\+ (\\d+) MiB"), figure("`volume: balanced` \\| (\\d+) MiB")
	agent := room + 2*(48<<20+held) + 62<<20 // ten batches of 3 MB are 3/2 of ten of 2 MB
	gateway := figure("MiB each at most with `GOMEMLIMIT=(\\d+)MiB`")
	pages := figure(`The process then takes at most (\d+) MiB more`)
	objects := rendered(t, given(t, "sentinel"))
	for _, c := range []struct {
		pod     corev1.PodSpec
		goLimit int64
	}{
		{one[*appsv1.DaemonSet](t, objects).Spec.Template.Spec, agent}, {one[*appsv1.Deployment](t, objects).Spec.Template.Spec, gateway},
	} {
		limit := c.pod.Containers[0].Resources.Limits.Memory().Value()
		require.Greater(t, limit*9/10, c.goLimit)
		require.Greater(t, limit, limit*9/10+pages, "room for the pages of the binary beside Go's heap")
	}
}

func TestAChangedConfigurationReplacesThePods(t *testing.T) {
	sum := func(more string) string {
		set := one[*appsv1.DaemonSet](t, rendered(t, given(t, "app-insights")+more))
		return set.Spec.Template.Annotations["checksum/config"]
	}
	before := sum("")
	require.Len(t, before, 64)
	require.Equal(t, before, sum("commonLabels: {}\n"))
	require.NotEqual(t, before, sum("nameOverride: other\n"))
}

func TestTheNetworkPolicyLetsInAgentsAndOutToNamesAndAzureOnly(t *testing.T) {
	policy := one[*networkingv1.NetworkPolicy](t, rendered(t, given(t, "everything"))).Spec
	require.Equal(t, []networkingv1.PolicyType{"Ingress", "Egress"}, policy.PolicyTypes)
	var in, out []string
	for _, rule := range policy.Ingress {
		for _, port := range rule.Ports {
			in = append(in, fmt.Sprint(port.Port, len(rule.From)))
		}
	}
	for _, rule := range policy.Egress {
		for _, port := range rule.Ports {
			out = append(out, fmt.Sprint(*port.Protocol, port.Port, len(rule.To)))
		}
	}
	require.Len(t, in, 2)
	require.Len(t, out, 4)
	require.Equal(t, "10.1.0.0/16", policy.Ingress[0].From[0].IPBlock.CIDR)
	require.Equal(t, "169.254.169.254/32", policy.Egress[2].To[0].IPBlock.CIDR)
}

// Windows gives a pod of the host's network no names of the cluster, so the agent has the Service's address from the variable that the kubelet
// makes of the Service's name, and checks the certificate for the Service's name.
func TestTheAgentFindsTheGatewayWithoutTheClustersNames(t *testing.T) {
	objects := rendered(t, given(t, "sentinel"))
	service := one[*corev1.Service](t, objects)
	variable := strings.ToUpper(strings.ReplaceAll(service.Name, "-", "_")) + "_SERVICE_HOST"
	pod := one[*appsv1.DaemonSet](t, objects).Spec.Template.Spec
	require.True(t, *pod.EnableServiceLinks)
	require.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "GATEWAY_ENDPOINT", Value: "$(" + variable + "):4317"})
	for _, o := range objects {
		if m, ok := o.(*corev1.ConfigMap); ok && strings.HasSuffix(m.Name, "-agent") {
			require.Contains(t, m.Data["config.yaml"], "server_name_override: "+service.Name+"."+namespace+".svc\n")
		}
	}
}
