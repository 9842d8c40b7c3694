// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// userAgent is what the API server's audit log says.
const userAgent = "otelcol-winnet/k8s_names"

// InCluster makes a client with the service account of the pod that the process is in.
func InCluster() (dynamic.Interface, error) {
	c, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("auth_type serviceAccount: this process has no service account of a pod; mount its token, or set auth_type: kubeConfig: %w", err)
	}
	return client(c)
}

// KubeConfig makes a client of a context of a kubeconfig file. Without a path, the file is that of kubectl; without a context, the file's current one.
func KubeConfig(path, context string) (dynamic.Interface, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if path != "" {
		rules = &clientcmd.ClientConfigLoadingRules{ExplicitPath: path}
	}
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("auth_type kubeConfig: want a kubeconfig file with this context: %w", err)
	}
	return client(c)
}

func client(c *rest.Config) (dynamic.Interface, error) {
	c.UserAgent = userAgent
	c.Timeout = 0 // a watch has no end
	return dynamic.NewForConfig(c)
}
