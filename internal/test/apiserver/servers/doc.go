// SPDX-License-Identifier: Apache-2.0

// Package servers names the versions of kube-apiserver and etcd that `make test-apiserver` builds and starts. It is a module of its own, so that what the
// tests need does not change how the servers are built: the first build takes minutes.
package servers
