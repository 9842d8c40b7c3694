// SPDX-License-Identifier: Apache-2.0

// Package k8snamesextension is an extension of the OpenTelemetry Collector that names the two ends of network flows: pods, workloads, labels and services,
// from a Kubernetes API server or from a file.
package k8snamesextension
