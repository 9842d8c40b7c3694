// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// eachAddress calls do with every address and hardware address of a struct, and its path.
func eachAddress(v reflect.Value, path string, do func(v reflect.Value, path string)) {
	switch {
	case v.Type() == reflect.TypeFor[netip.Addr]() || v.Type() == reflect.TypeFor[[6]byte]():
		do(v, path)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachAddress(v.Field(i), path+"."+v.Type().Field(i).Name, do)
			}
		}
	}
}

// A later field of a flow or a connection that holds an address is found here.
func TestEveryAddressOfAFlowAndAConnectionIsReplaced(t *testing.T) {
	m := NewMapper(Options{Pseudonyms: pseudonym.New(pseudonym.Addresses|pseudonym.MACs, []byte("0123456789abcdef0123456789abcdef"))})
	addr, mac := netip.MustParseAddr("192.0.2.1"), [6]byte{2, 3, 4, 5, 6, 7}
	fill := func(v reflect.Value) (n int) {
		eachAddress(v, "", func(v reflect.Value, _ string) {
			n++
			if v.Type() == reflect.TypeOf(mac) {
				v.Set(reflect.ValueOf(mac))
			} else {
				v.Set(reflect.ValueOf(addr))
			}
		})
		return n
	}
	check := func(v reflect.Value) {
		eachAddress(v, "", func(v reflect.Value, path string) {
			require.NotContains(t, []any{addr, mac}, v.Interface(), path)
		})
	}
	f := flow.Flow{Raw: []byte{1}}
	require.Equal(t, 12, fill(reflect.ValueOf(&f).Elem()))
	before := f
	check(reflect.ValueOf(*m.replaceFlow(&f)))
	require.Empty(t, m.replaceFlow(&f).Raw)
	require.Equal(t, before, f, "the flow itself is not changed")

	c := flow.Connection{ID: [16]byte{1}, Session: [16]byte{2}}
	require.Equal(t, 4, fill(reflect.ValueOf(&c).Elem()))
	replaced := *m.replaceConnection(&c)
	check(reflect.ValueOf(replaced))
	require.NotEqual(t, c.ID, replaced.ID)
	require.NotEqual(t, c.Session, replaced.Session)
}
