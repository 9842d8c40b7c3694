// SPDX-License-Identifier: Apache-2.0

// Package cluster follows objects of a Kubernetes API server, with the reflectors of client-go: they list, watch, list again when a watch has expired, and
// try again while the server is away. What is not used of an object is dropped as it arrives, page by page, and no object is kept here.
package cluster
