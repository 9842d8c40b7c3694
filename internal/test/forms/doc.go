// SPDX-License-Identifier: Apache-2.0

// Package forms tests the forms that the ecosystem expects of every component: a schema of its configuration that says the same as its
// code, and that accepts the configurations this repository ships.
package forms
