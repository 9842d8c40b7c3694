// SPDX-License-Identifier: Apache-2.0

//go:build tools

package servers

// The programs that the tests build and start.
import (
	_ "go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
)
