// SPDX-License-Identifier: Apache-2.0

// Package kubernetes checks deploy/kubernetes as an API server would: the chart is rendered by Helm's own engine, and each object passes the
// strict decoding, the defaulting and the validation of Kubernetes itself. No cluster is needed. The configurations in the rendered objects
// pass the validate command of the built collectors.
//
// It is a module of its own: nothing of Kubernetes and of Helm reaches the product.
package kubernetes
