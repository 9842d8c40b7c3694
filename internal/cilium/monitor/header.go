// SPDX-License-Identifier: Apache-2.0

// The parts that notifications share: headers, flags, versions, numbers. Offsets are bytes from the start of the record. The common header is:
// 0 type u8, 1 subtype u8, 2 source u16, 4 hash u32. The capture header adds 8 len_orig u32, 12 len_cap u16, 14 version u8, 15
// ext_version u8. Up to Cilium 1.18 the last two are one u16 version, whose values never reached 256.

package monitor

import (
	"encoding/binary"
	"net/netip"
)

// commonHeader reads the header of every datapath message but the socket trace. data has its 8 bytes.
func (n *Notification) commonHeader(data []byte) {
	n.SubType = data[1]
	n.Source = le16(data, 2)
	n.Hash = le32(data, 4)
}

// captureHeader reads the header of a message that carries a packet. data has its 16 bytes.
func (n *Notification) captureHeader(data []byte) {
	n.commonHeader(data)
	n.OrigLen = le32(data, 8)
	n.CapLen = uint32(le16(data, 12))
	n.Version = data[14]
	n.ExtVersion = data[15]
}

// versionLength returns the length of the header, in bytes. lengths has that of each known version. A later version is read as the newest
// known one: versionLength then sets VersionUnknown, and the packet begins somewhere after the known header.
func (n *Notification) versionLength(lengths []int) int {
	newest := len(lengths) - 1
	n.VersionUnknown = int(n.Version) > newest
	return lengths[min(int(n.Version), newest)]
}

// tooShort is the error of a record that is shorter than its version's header.
func (n *Notification) tooShort(data []byte, lengths []int) error {
	if want := n.versionLength(lengths); !n.VersionUnknown {
		return truncatedVersion(n.Type, n.Version, want, len(data))
	}
	newest := len(lengths) - 1
	return &Error{Reason: ReasonVersion, Type: n.Type, Versioned: true, Version: n.Version, Newest: uint8(newest), Want: lengths[newest], Have: len(data)}
}

// goesOn reports whether a record without a packet is longer than its known layout by more than a perf ring adds, and by other bytes than the
// zeros with which the datapath on Windows fills a record.
func goesOn(data []byte, known int) bool {
	if len(data) <= known || len(data) <= known+perfPadding && mayBePadded(data) {
		return false
	}
	return !allZero(data[known:])
}

// Packet flags of drop and trace notifications (bpf/lib/common.h, Cilium 1.18).
const (
	FlagIPv6     PacketFlags = 1 << 0
	FlagL3Device PacketFlags = 1 << 1
	FlagVXLAN    PacketFlags = 1 << 2
	FlagGeneve   PacketFlags = 1 << 3
)

// PacketFlags say how to read the packet of a notification.
type PacketFlags uint8

// IPv6 reports whether the packet is IPv6. It counts only together with L3Device and for the original address.
func (p PacketFlags) IPv6() bool { return p&FlagIPv6 != 0 }

// L3Device reports whether the packet comes from a device without a link layer: its bytes start with the IP header.
func (p PacketFlags) L3Device() bool { return p&FlagL3Device != 0 }

// VXLAN reports whether the packet is a VXLAN tunnel packet.
func (p PacketFlags) VXLAN() bool { return p&FlagVXLAN != 0 }

// Geneve reports whether the packet is a Geneve tunnel packet.
func (p PacketFlags) Geneve() bool { return p&FlagGeneve != 0 }

// le16, le32 and le64 read a little-endian integer at an offset that the caller has checked.
func le16(b []byte, off int) uint16 { return binary.LittleEndian.Uint16(b[off:]) }
func le32(b []byte, off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
func le64(b []byte, off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }

// address16 reads a 16-byte union of an IPv4 and an IPv6 address. It returns an IPv4-mapped address as IPv4.
func address16(b []byte, ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.AddrFrom16([16]byte(b[:16])).Unmap()
	}
	return netip.AddrFrom4([4]byte(b[:4]))
}
