// SPDX-License-Identifier: Apache-2.0

// Package apiserver tests the extension k8s_names against a real kube-apiserver with a real etcd, on loopback addresses. Thousands of pods come, move and go while the
// receiver ciliumwindows replays a capture with their names. The extension signs in with the tokens of service accounts that have the roles of deploy/kubernetes, and
// nothing more. `make test-apiserver` builds the servers and runs the tests.
package apiserver
