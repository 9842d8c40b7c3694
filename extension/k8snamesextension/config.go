// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// Values of auth_type and identities.
const (
	serviceAccount = "serviceAccount"
	kubeConfig     = "kubeConfig"
	none           = "none"

	cilium = "cilium"
	pods   = "pods"
)

// Config says where the names come from.
type Config struct {
	// AuthType is how to sign in at the API server: serviceAccount, kubeConfig, or none, which asks no server. It is none by default if there is a
	// snapshot, else serviceAccount.
	AuthType string `mapstructure:"auth_type"`
	// KubeConfigPath is the kubeconfig file for kubeConfig. If it is empty, the file is that of kubectl: KUBECONFIG, or .kube/config in the home folder.
	KubeConfigPath string `mapstructure:"kube_config_path"`
	// Context is the context in that file. If it is empty, the context is the file's current one.
	Context string `mapstructure:"context"`

	// Identities is where pods and their labels come from: cilium (CiliumEndpoint and CiliumIdentity) or pods (core Pods).
	Identities string `mapstructure:"identities"`
	// EndpointSlices makes cilium take CiliumEndpointSlices in place of CiliumEndpoints.
	EndpointSlices bool `mapstructure:"endpoint_slices"`
	// Labels are globs of the labels that are written. If there are none, all that Cilium takes for relevant are.
	Labels []string `mapstructure:"labels"`
	// ClusterName is the cluster's name where no label has it.
	ClusterName string `mapstructure:"cluster_name"`
	// Node is the name of the node that the events are of. If it is empty, it is NODE_NAME of the environment, or this host's name.
	Node string `mapstructure:"node"`

	// Snapshot is a file with the objects, in place of a server.
	Snapshot string `mapstructure:"snapshot"`

	// Keep is how long an address's owners before the last change are kept.
	Keep time.Duration `mapstructure:"keep"`
	// MaxMemoryMiB bounds the memory of all names, in MiB.
	MaxMemoryMiB int `mapstructure:"max_memory_mib"`
}

func createDefaultConfig() component.Config {
	return &Config{Identities: cilium, Keep: 5 * time.Minute, MaxMemoryMiB: 128}
}

// Unmarshal implements confmap.Unmarshaler: a bare number for a duration is seconds, and one glob is a list of one.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	type plain Config // without this method
	return configyaml.Unmarshal(conf, (*plain)(c))
}

// Validate returns an error for each value that is not allowed.
func (c *Config) Validate() error {
	var errs configyaml.KeyErrors
	errs.Add("auth_type", oneOf(c.AuthType, "", serviceAccount, kubeConfig, none))
	errs.Add("identities", oneOf(c.Identities, cilium, pods))
	auth := c.auth()
	switch {
	case c.Snapshot == "" && auth == none:
		errs.Add("auth_type", errors.New("with none there are no names; want a snapshot, or serviceAccount or kubeConfig"))
	case c.Snapshot != "" && auth != none:
		errs.Add("snapshot", fmt.Errorf("it takes the place of a server, which auth_type: %s asks; leave one of them out", auth))
	}
	if auth != kubeConfig && (c.KubeConfigPath != "" || c.Context != "") {
		errs.Add("auth_type", fmt.Errorf("kube_config_path and context are of kubeConfig; it is %s", auth))
	}
	if c.EndpointSlices && c.Identities != cilium {
		errs.Add("endpoint_slices", errors.New("they are Cilium's; want identities: cilium"))
	}
	for i, glob := range c.Labels {
		if strings.TrimSpace(glob) == "" || strings.ContainsAny(glob, "= \t\r\n") {
			errs.Add(fmt.Sprintf("labels[%d]", i), fmt.Errorf("%q is no glob of a label's key; want one such as app, k8s:app or app.kubernetes.io/*", glob))
		}
	}
	errs.Add("kube_config_path", configyaml.CheckPath(c.KubeConfigPath))
	errs.Add("snapshot", configyaml.CheckPath(c.Snapshot))
	if c.Node != "" {
		errs.Add("node", configyaml.HostName(c.Node))
	}
	if c.ClusterName != "" {
		errs.Add("cluster_name", configyaml.Name(c.ClusterName))
	}
	if c.Keep < 0 || c.Keep > 24*time.Hour {
		errs.Add("keep", fmt.Errorf("%v is not allowed; want 0s to 24h", c.Keep))
	}
	if c.MaxMemoryMiB < 1 || c.MaxMemoryMiB > 1<<16 {
		errs.Add("max_memory_mib", fmt.Errorf("%d is not allowed; want 1 to %d", c.MaxMemoryMiB, 1<<16))
	}
	return errs.Join()
}

func oneOf(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%q is not allowed; want %s", value, strings.Join(slices.DeleteFunc(allowed, func(a string) bool { return a == "" }), ", "))
}

// auth is auth_type with its default.
func (c *Config) auth() string {
	switch {
	case c.AuthType != "":
		return c.AuthType
	case c.Snapshot != "":
		return none
	}
	return serviceAccount
}

// node is the name of the node in lower case, "" if it is not known.
func (c *Config) node() string {
	name := cmp.Or(c.Node, os.Getenv("NODE_NAME"))
	if name == "" {
		name, _ = os.Hostname()
	}
	return strings.ToLower(name) // as Kubernetes has the names of all nodes
}

// kinds are the kinds of objects that have the names.
func (c *Config) kinds(node string) []names.Kind {
	switch {
	case c.Identities == pods:
		return []names.Kind{names.Pods, names.Nodes, names.Services}
	case c.Snapshot != "": // it may have both forms of endpoints, and it has the workloads of all nodes
		return []names.Kind{names.Endpoints, names.EndpointSlices, names.Identities, names.Nodes, names.Services, names.OwnPods}
	}
	kinds := []names.Kind{names.Endpoints, names.Identities, names.Nodes, names.Services}
	if c.EndpointSlices {
		kinds[0] = names.EndpointSlices
	}
	if node != "" {
		kinds = append(kinds, names.OwnPods)
	}
	return kinds
}
