// SPDX-License-Identifier: Apache-2.0

package names

// pool has values that several objects share, such as the labels of a Deployment's pods. A value goes with its last user.
type pool[K comparable, V any] map[K]*pooled[V]

type pooled[V any] struct {
	value V
	users int
}

// take returns the value of a key. Each take needs a leave.
func (p pool[K, V]) take(key K, make func() V) V {
	one := p[key]
	if one == nil {
		one = &pooled[V]{value: make()}
		p[key] = one
	}
	one.users++
	return one.value
}

// leave reports whether nobody has the value any more.
func (p pool[K, V]) leave(key K) (gone bool) {
	one := p[key]
	if one.users--; one.users > 0 {
		return false
	}
	delete(p, key)
	return true
}
