// SPDX-License-Identifier: Apache-2.0

// Package objects takes from an object of Kubernetes what the names need, and nothing else. In goes an object as JSON or YAML decodes it, whatever is in
// it; out comes a names.Object.
package objects
