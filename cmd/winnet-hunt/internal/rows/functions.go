// SPDX-License-Identifier: Apache-2.0

// Functions of the queries that SQL does not have.

package rows

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"sync"

	"modernc.org/sqlite"
)

// registerFunctions adds functions to the driver, once in the process: the driver gives them to each connection that is opened afterwards.
var registerFunctions = sync.OnceFunc(func() {
	sqlite.MustRegisterDeterministicScalarFunction("entropy", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		s, _ := args[0].(string)
		return entropy(s), nil
	})
	sqlite.MustRegisterDeterministicScalarFunction("parse_ipv4", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		s, _ := args[0].(string)
		return parseIPv4(s), nil
	})
	sqlite.MustRegisterDeterministicScalarFunction("steps", 3, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		from, _ := args[0].(int64)
		to, _ := args[1].(int64)
		by, _ := args[2].(int64)
		return steps(from, to, by), nil
	})
})

// parseIPv4 is the number of an IPv4 address, or nil for another text.
func parseIPv4(s string) driver.Value {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return nil
	}
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// mostSteps is more than a sum of a day has windows.
const mostSteps = 1000

// steps is a JSON list of the numbers from one to another in steps, at most mostSteps of them.
func steps(from, to, by int64) string {
	list := []byte{'['}
	for i := range int64(mostSteps) {
		n := from + i*by
		if n > to || n < from {
			break
		}
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, n, 10)
	}
	return string(append(list, ']'))
}

// entropy is Shannon's entropy of a text, in bits per character.
func entropy(s string) float64 {
	counts, n := map[rune]int{}, 0
	for _, r := range s {
		counts[r]++
		n++
	}
	if n == 0 {
		return 0
	}
	sum := 0.
	for _, c := range counts {
		sum += float64(c) * math.Log2(float64(c))
	}
	return math.Log2(float64(n)) - sum/float64(n)
}

// insideNetworks are those of the function inside of the queries.
var insideNetworks = [...]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/16"), netip.MustParsePrefix("ff00::/8"), netip.MustParsePrefix("::1/128"),
}

// inside reports, as 1 or 0, whether an address is not one of the internet. It reports 0 for a text that is no address.
func inside(address string) driver.Value {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return int64(0)
	}
	for _, n := range insideNetworks {
		if n.Contains(a) {
			return int64(1)
		}
	}
	return int64(0)
}
