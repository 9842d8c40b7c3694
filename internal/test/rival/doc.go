// SPDX-License-Identifier: Apache-2.0

// Package rival measures hold.Store beside what could take its place: go-freelru, and a Go map with container/list and a mutex. It is a
// module of its own, so that the product does not depend on go-freelru.
package rival
