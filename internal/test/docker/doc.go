// SPDX-License-Identifier: Apache-2.0

// Package docker checks the Dockerfiles of deploy/docker with BuildKit's own parser and linter. Nothing is built. It is a module of its own:
// nothing of BuildKit reaches the product.
package docker
