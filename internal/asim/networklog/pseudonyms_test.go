// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"fmt"
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
	case v.Kind() == reflect.Pointer: // names have no addresses of their own
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

// eachText calls do with every text of a value, and its path.
func eachText(v reflect.Value, path string, do func(v reflect.Value, path string)) {
	switch v.Kind() {
	case reflect.String:
		do(v, path)
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), path, do)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(v.Field(i), path+"."+v.Type().Field(i).Name, do)
		}
	}
}

// A later field of a name is found here.
func TestEveryNameOfAnEndIsReplaced(t *testing.T) {
	m := NewMapper(Options{Pseudonyms: pseudonym.New(pseudonym.Names, []byte("0123456789abcdef0123456789abcdef"))})
	e := &flow.Endpoint{
		ID: 7, Identity: 1001, ClusterName: "secret", Namespace: "secret", PodName: "secret", Local: true,
		Workloads: []flow.Workload{{Kind: "Deployment", Name: "secret"}}, Labels: []string{"k8s:app=secret", "fqdn:secret", "any:x=secret", "secret"},
	}
	e.Labels = e.Labels[:3] // a label without a value is a key only
	s := &flow.Service{Namespace: "secret", Name: "secret"}
	before := *e
	to, service := m.replaceEndpoint(e), m.replaceService(s)
	texts := 0
	for _, v := range []any{*to, *service} {
		eachText(reflect.ValueOf(v), "", func(v reflect.Value, path string) {
			texts++
			require.NotContains(t, v.String(), "secret", path)
		})
	}
	require.Equal(t, 10, texts)
	require.Equal(t, before, *e, "the end itself is not changed")
	require.Equal(t, flow.Endpoint{ID: 7, Identity: 1001, Local: true}, flow.Endpoint{ID: to.ID, Identity: to.Identity, Local: to.Local})
	require.Equal(t, "Deployment", to.Workloads[0].Kind)
	require.Equal(t, "k8s:app="+to.PodName, to.Labels[0], "equal names have equal pseudonyms, and keys stay")
	require.Same(t, to, m.replaceEndpoint(e))
	require.Same(t, service, m.replaceService(s))
	for range 2 * maxReplaced {
		m.replaceEndpoint(&flow.Endpoint{PodName: "x"})
		m.replaceService(&flow.Service{Name: "x"})
	}
	require.LessOrEqual(t, len(m.replacedEndpoints), maxReplaced)
	require.LessOrEqual(t, len(m.replacedServices), maxReplaced)
	require.Nil(t, m.replaceEndpoint(nil))
	require.Nil(t, m.replaceService(nil))
}

func TestAnAddressInALabelIsReplacedWithTheAddresses(t *testing.T) {
	m := NewMapper(Options{Pseudonyms: pseudonym.New(pseudonym.Addresses, []byte("0123456789abcdef0123456789abcdef"))})
	to := m.replaceEndpoint(&flow.Endpoint{
		PodName: "proxy-192-0-2-1", Labels: []string{"cidr:192.0.2.0/24", "cidr:2001-db8--/32", "k8s:ip=192.0.2.1", "reserved:world"},
	})
	require.Equal(t, "reserved:world", to.Labels[3])
	for _, label := range to.Labels[:3] {
		require.NotContains(t, label, "192.0.2")
		require.NotContains(t, label, "2001-db8")
	}
	require.Contains(t, to.Labels[0], "/24")
	require.NotContains(t, to.Labels[1], "::")
}

func TestPseudonymsOfNamesAreInEveryForm(t *testing.T) {
	options := networkOptions
	options.Pseudonyms = pseudonym.New(pseudonym.Names, []byte("0123456789abcdef0123456789abcdef"))
	for _, body := range []Body{BodySummary, BodyHubbleJSON} {
		options.Body = body
		f := networkFlow(t, mtDrop())
		f.Resolve(everyone, 0)
		plain := options
		plain.Pseudonyms = nil
		for _, secret := range []string{"cart-7d9f", "shop"} {
			require.Contains(t, networkAppend(t, plain, f).Body().Str(), secret)
			lr := networkAppend(t, options, f)
			require.NotContains(t, lr.Body().Str(), secret)
			require.NotContains(t, fmt.Sprint(lr.Attributes().AsRaw()), secret)
		}
	}
	c := networkTCPConnection()
	c.Source.Endpoint, c.Destination.Service = everyone.endpoint, everyone.service
	require.NotContains(t, fmt.Sprint(networkAppendConnection(options, c).Attributes().AsRaw()), "shop")
}
