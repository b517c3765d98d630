package lockout

import (
	"errors"
	"net/netip"
)

// ErrAddress is returned by [ParseAddress] for text that is no network address. The text is
// not repeated in it.
var ErrAddress = errors.New("lockout: not a network address")

// unknown is the text of the address that is not known.
const unknown = "unknown"

// subnet is how much of an IPv6 address stands for one subscriber: whoever has one address
// of a /64 has them all.
const subnet = 64

// Address is a network address as far as it tells one client from another: an IPv4 address,
// or the /64 of an IPv6 address. An IPv4 address written as IPv6 (::ffff:192.0.2.1) is an
// IPv4 address, and zones are dropped. Addresses are compared with ==.
//
// The zero value is an unknown address. All clients without a known address share it, and
// with it one [Throttle], so hiding the address gains nothing.
type Address struct {
	prefix netip.Prefix
}

// ParseAddress reads an address, alone or with a port as net/http writes it in
// Request.RemoteAddr. The error is [ErrAddress], and the Address then is the unknown one;
// a caller may go on with it.
func ParseAddress(text string) (Address, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return Address{}, ErrAddress
		}
		addr = withPort.Addr()
	}
	return AddressFrom(addr), nil
}

// AddressFrom normalises an address. The zero netip.Addr gives the unknown address.
func AddressFrom(addr netip.Addr) Address {
	if !addr.IsValid() {
		return Address{}
	}
	addr = addr.Unmap()
	bits := subnet
	if addr.Is4() {
		bits = addr.BitLen()
	}
	prefix, err := addr.Prefix(bits) // which has no zone
	if err != nil {
		return Address{} // which no valid address comes to
	}
	return Address{prefix}
}

// Known reports whether it is an address at all.
func (a Address) Known() bool { return a.prefix.IsValid() }

// String is "192.0.2.1", "2001:db8::/64" or "unknown".
func (a Address) String() string {
	switch {
	case !a.Known():
		return unknown
	case a.prefix.IsSingleIP():
		return a.prefix.Addr().String()
	}
	return a.prefix.String()
}
