// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"net/netip"
)

// cryptoPAn replaces addresses by the scheme of J. Xu, J. Fan, M. Ammar and S. Moon, "Prefix-Preserving IP Address Anonymization:
// Measurement-based Security Evaluation and a New Cryptography-based Scheme" (ICNP 2002), with AES-128 as its pseudorandom function. AES
// encrypts the bits before a bit, and one bit of the result decides whether that bit is flipped. The paper has IPv4; IPv6 is the same with
// 128 bits.
type cryptoPAn struct {
	block cipher.Block
	pad   [aes.BlockSize]byte
	// in and out are the blocks of one encryption. They are fields because local variables would be allocated each time.
	in, out [aes.BlockSize]byte
}

// cryptoPAnKey is the size of the key in bytes: the key of AES, and the padding before it is encrypted.
const cryptoPAnKey = 32

func newCryptoPAn(key [cryptoPAnKey]byte) (c cryptoPAn) {
	c.block, _ = aes.NewCipher(key[:aes.BlockSize]) // fails only for a key of another size
	c.block.Encrypt(c.pad[:], key[aes.BlockSize:])
	return c
}

// replace replaces an address of 4 or 16 bytes in place.
func (c *cryptoPAn) replace(address []byte) {
	const bits = 64
	pad := [2]uint64{binary.BigEndian.Uint64(c.pad[:]), binary.BigEndian.Uint64(c.pad[8:])}
	var value [2]uint64
	var whole [aes.BlockSize]byte
	copy(whole[:], address)
	value[0], value[1] = binary.BigEndian.Uint64(whole[:]), binary.BigEndian.Uint64(whole[8:])
	var flip [2]uint64
	for at := range 8 * len(address) {
		// The bits before this one are the address's, the others are the padding's.
		word, before := at/bits, at%bits
		mask := ^(^uint64(0) >> before)
		block := pad
		block[word] = value[word]&mask | pad[word]&^mask
		if word == 1 {
			block[0] = value[0]
		}
		binary.BigEndian.PutUint64(c.in[:], block[0])
		binary.BigEndian.PutUint64(c.in[8:], block[1])
		c.block.Encrypt(c.out[:], c.in[:])
		flip[word] |= uint64(c.out[0]>>7) << (bits - 1 - before)
	}
	binary.BigEndian.PutUint64(whole[:], value[0]^flip[0])
	binary.BigEndian.PutUint64(whole[8:], value[1]^flip[1])
	copy(address, whole[:])
}

// Addr returns the pseudonym of an address, of the same version. The zone is left out: it names an interface. An IPv4-mapped address is
// treated as IPv4.
func (p *Pseudonymizer) Addr(addr netip.Addr) netip.Addr {
	if !p.Has(Addresses) || !addr.IsValid() {
		return addr
	}
	addr = addr.Unmap().WithZone("")
	if to, ok := p.addrs[addr]; ok {
		return to
	}
	b := addr.AsSlice()
	p.address.replace(b)
	to, _ := netip.AddrFromSlice(b)
	if len(p.addrs) == maxAddrs {
		clear(p.addrs)
	}
	p.addrs[addr] = to
	return to
}

// prefix returns the pseudonym of a subnet, of the same length.
func (p *Pseudonymizer) prefix(subnet netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(p.Addr(subnet.Addr()), subnet.Bits()).Masked()
}
