// SPDX-License-Identifier: Apache-2.0

// Package apiserver tests the extension k8s_names against a real kube-apiserver with a real etcd, on loopback addresses. The extension signs in with the token
// of a service account that has the roles of deploy/kubernetes, and nothing more. `make test-apiserver` builds the servers and runs the tests.
package apiserver
