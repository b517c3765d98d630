package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrPrivateAddress is matched by the error when an endpoint's address is not
// one of the public internet. The error is a [*PrivateAddressError].
var ErrPrivateAddress = errors.New("webhook: address is not public")

// PrivateAddressError reports the address that was refused. It matches
// [ErrPrivateAddress]. The address may tell about the sender's own network:
// log it, but do not show it to whoever registered the endpoint.
type PrivateAddressError struct {
	Address netip.Addr
}

// Error names the address.
func (e *PrivateAddressError) Error() string {
	return fmt.Sprintf("%v: %s", ErrPrivateAddress, e.Address)
}

// Unwrap returns [ErrPrivateAddress].
func (e *PrivateAddressError) Unwrap() error { return ErrPrivateAddress }

// RefusePrivate is a function for net.Dialer.Control that lets only public
// addresses be dialed: see [IsPublic]. It sees the address that is about to be
// connected to, after all looking up of names, so a name that resolves to
// another address the second time (DNS rebinding) gains nothing. A [Sender]
// uses it; it is exported for transports of your own.
//
// The error is a [*PrivateAddressError], or another one when the address is
// none of the internet protocol.
func RefusePrivate(_, address string, _ syscall.RawConn) error {
	addrPort, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("webhook: dialing something other than an IP address: %w", err)
	}
	if addr := addrPort.Addr(); !IsPublic(addr) {
		return &PrivateAddressError{addr}
	}
	return nil
}

// IsPublic reports whether an address belongs to the public internet. It does
// not when it is loopback, private, link-local, shared by a carrier's NAT,
// multicast, unspecified or set aside by the IANA special-purpose registries
// (RFC 6890), nor when it is an IPv6 form of such an IPv4 address: mapped
// (::ffff:0:0/96) or through the well-known NAT64 prefix (64:ff9b::/96, RFC
// 6052). Tunnels that carry an IPv4 address (6to4, Teredo) are not public at
// all. A network with a NAT64 prefix of its own has to be kept apart by other
// means, and so has the public address of the machine itself.
func IsPublic(addr netip.Addr) bool {
	addr = addr.Unmap()
	switch {
	case addr.Zone() != "":
		return false // a zone makes sense on the local link only
	case addr.Is4():
		return publicIPv4(addr.As4())
	case addr.Is6():
		return publicIPv6(addr.As16())
	}
	return false
}

func publicIPv4(b [4]byte) bool {
	switch {
	case b[0] == 0, // this network (RFC 791)
		b[0] == 10,                               // private (RFC 1918)
		b[0] == 100 && b[1]&0xc0 == 64,           // 100.64.0.0/10, carrier NAT (RFC 6598)
		b[0] == 127,                              // loopback (RFC 1122)
		b[0] == 169 && b[1] == 254,               // link-local, cloud metadata (RFC 3927)
		b[0] == 172 && b[1]&0xf0 == 16,           // 172.16.0.0/12, private (RFC 1918)
		b[0] == 192 && b[1] == 0 && b[2] == 0,    // protocol assignments (RFC 6890)
		b[0] == 192 && b[1] == 0 && b[2] == 2,    // documentation (RFC 5737)
		b[0] == 192 && b[1] == 88 && b[2] == 99,  // 6to4 relays, retired (RFC 7526)
		b[0] == 192 && b[1] == 168,               // private (RFC 1918)
		b[0] == 198 && b[1]&0xfe == 18,           // 198.18.0.0/15, benchmarks (RFC 2544)
		b[0] == 198 && b[1] == 51 && b[2] == 100, // documentation (RFC 5737)
		b[0] == 203 && b[1] == 0 && b[2] == 113,  // documentation (RFC 5737)
		b[0] >= 224:                              // multicast (RFC 5771), reserved (RFC 1112), broadcast (RFC 919)
		return false
	}
	return true
}

func publicIPv6(b [16]byte) bool {
	if [12]byte(b[:12]) == [12]byte{0x00, 0x64, 0xff, 0x9b} { // 64:ff9b::/96, NAT64 (RFC 6052)
		return publicIPv4([4]byte(b[12:]))
	}
	switch {
	case b[0]&0xe0 != 0x20: // only 2000::/3 is handed out to the internet (RFC 4291)
		return false
	case b[0] == 0x20 && b[1] == 0x01 && b[2]&0xfe == 0, // 2001::/23, protocol assignments, Teredo (RFC 2928, 4380)
		b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8, // documentation (RFC 3849)
		b[0] == 0x20 && b[1] == 0x02,                                 // 6to4 (RFC 3056)
		b[0] == 0x3f && b[1] == 0xff && b[2]&0xf0 == 0x00:            // 3fff::/20, documentation (RFC 9637)
		return false
	}
	return true
}
