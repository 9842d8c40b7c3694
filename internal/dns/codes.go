// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// typeNames are the names of DNS resource record types: the IANA registry "Resource Record (RR) TYPEs" (dns-parameters-4),
// and WINS and WINSR, which Windows uses in the private range.
var typeNames = map[uint16]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR",
	13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP",
	23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC",
	33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL",
	43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3",
	51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS",
	60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 66: "DSYNC", 67: "HHIT",
	68: "BRID", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64",
	107: "LP", 108: "EUI48", 109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR",
	253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY",
	261: "RESINFO", 262: "WALLET", 263: "CLA", 264: "IPN", 32768: "TA", 32769: "DLV",
	TypeWINS: "WINS", TypeWINSR: "WINSR",
}

// commonTypeNames are the names of the most frequent types, by code.
var commonTypeNames = func() (names [68]string) {
	for code := range names {
		names[code] = typeNames[uint16(code)]
	}
	return names
}()

// Query types that only Windows uses, in the range for private use (MS-DNSP section 2.2.2.1.1).
const (
	TypeWINS  = 65281
	TypeWINSR = 65282
)

// TypeName names a query type. A type without a name is TYPE and its number (RFC 3597), which ASIM accepts.
func TypeName(code uint64) string {
	if code < uint64(len(commonTypeNames)) && commonTypeNames[code] != "" {
		return commonTypeNames[code]
	}
	if code <= 0xFFFF {
		if name, ok := typeNames[uint16(code)]; ok {
			return name
		}
	}
	return "TYPE" + strconv.FormatUint(code, 10)
}

// TypeCode returns the query type of a name in the form of TypeName, in any case.
func TypeCode(name string) (code uint16, ok bool) {
	for code, known := range typeNames {
		if strings.EqualFold(name, known) {
			return code, true
		}
	}
	if digits, isNumber := strings.CutPrefix(strings.ToUpper(name), "TYPE"); isNumber {
		n, err := strconv.ParseUint(digits, 10, 16)
		return uint16(n), err == nil
	}
	return 0, false
}

// ClassName names a query class: the IANA registry "DNS CLASSes" (dns-parameters-2) in the words of ASIM. ASIM has one word for private
// and for reserved classes.
func ClassName(class uint16) string {
	switch {
	case class == 1:
		return "IN"
	case class == 3:
		return "CH"
	case class == 4:
		return "HS"
	case class == 254:
		return "NONE"
	case class == 255:
		return "ANY"
	case class == 0 || class >= 65280:
		return "Reserved"
	}
	return "Unassigned"
}

// responseNames are the names of DNS response codes: the IANA registry "DNS RCODEs" (dns-parameters-6). 16 is BADVERS here; it is also
// BADSIG.
var responseNames = map[uint64]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
	8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE",
	20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE",
}

// ResponseName names a response code. Codes without a name are "Reserved for Private Use" (3841 to 4095) or
// "Unassigned", as ASIM's own look-up function has it.
func ResponseName(code uint64) string {
	if name, ok := responseNames[code]; ok {
		return name
	}
	if code >= 3841 && code <= 4095 {
		return "Reserved for Private Use"
	}
	return "Unassigned"
}

// SharesResponseName reports whether other codes have the same name.
func SharesResponseName(code uint64) bool {
	_, ok := responseNames[code]
	return !ok
}

// ResponseNames lists the names of response codes, by code.
func ResponseNames() []string {
	var names []string
	for _, code := range slices.Sorted(maps.Keys(responseNames)) {
		names = append(names, responseNames[code])
	}
	return names
}

// FindResponseCode returns the response code of a name in the form of ResponseName, in any case.
func FindResponseCode(name string) (code uint64, ok bool) {
	for code, known := range responseNames {
		if strings.EqualFold(name, known) {
			return code, true
		}
	}
	return 0, false
}
