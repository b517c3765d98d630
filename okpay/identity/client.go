package identity

import (
	"net/netip"
	"strings"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// Client is where a request comes from, as the embedding program saw it. All of it may be
// empty; what is empty is not counted and not told, but for the device, which then is unknown.
type Client struct {
	// Address is the network address, with or without a port. Its failures are counted over
	// all names together. A program that does not hand it in has no such limit; one that hands
	// in what is no address has all of those counted as one.
	Address string
	// UserAgent is the header of that name. Only the names of known programs and systems are
	// taken from it: what it says otherwise is the caller's, and appears nowhere.
	UserAgent string
	// Place is where the address is, such as "Shanghai, CN", at most 100 bytes of plain text.
	Place string
	// Device is the token of a device that the customer trusts, see Identity.TrustDevice.
	Device Secret
}

const (
	maxPlaceLen = 100
	// maxAddressLen is more than any address has, with zone and port: what is longer is none.
	maxAddressLen = 128
)

// address is as much of what was handed in as can be an address.
func (c *Client) address() string { return c.Address[:min(len(c.Address), maxAddressLen+1)] }

func (c *Client) check() error { return okpay.CheckText("place", c.Place, maxPlaceLen) }

// facts are what messages and the audit tell of a client.
func (c *Client) facts() map[string]string {
	f := map[string]string{"device": deviceName(c.UserAgent)}
	if c.Place != "" {
		f["place"] = c.Place
	}
	if near := shortened(c.Address); near != "" {
		f["address"] = near
	}
	return f
}

// with adds facts to others.
func with(facts map[string]string, pairs ...string) map[string]string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			facts[pairs[i]] = pairs[i+1]
		}
	}
	return facts
}

// shortened is an address without its end: the /24 of IPv4 or the /48 of IPv6, "" if it is none.
func shortened(text string) string {
	if len(text) > maxAddressLen {
		return ""
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return ""
		}
		addr = withPort.Addr()
	}
	addr = addr.Unmap().WithZone("")
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// known are what a user agent may be told to be, the first that its text has. A header is the
// caller's own words, and a stranger's words do not belong into a mail to a customer.
var (
	browsers = [][2]string{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"MicroMessenger", "WeChat"},
		{"AlipayClient", "Alipay"},
		{"SamsungBrowser", "Samsung Internet"},
		{"Firefox", "Firefox"},
		{"FxiOS", "Firefox"},
		{"CriOS", "Chrome"},
		{"Chrome", "Chrome"},
		{"Safari", "Safari"},
		{"okhttp", "app"},
		{"CFNetwork", "app"},
		{"Dart", "app"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"HarmonyOS", "HarmonyOS"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"},
		{"Darwin", "macOS"},
		{"Linux", "Linux"},
	}
)

const maxAgentLen = 1024

// deviceName is a user agent in a few words of our own, "unknown" if it is nothing known.
func deviceName(agent string) string {
	if len(agent) > maxAgentLen {
		agent = agent[:maxAgentLen]
	}
	var words []string
	for _, list := range [][][2]string{browsers, systems} {
		for _, k := range list {
			if strings.Contains(agent, k[0]) {
				words = append(words, k[1])
				break
			}
		}
	}
	if len(words) == 0 {
		return "unknown"
	}
	return strings.Join(words, ", ")
}

// throttled is the address whose failures are counted, and whether there is one.
func (c *Client) throttled() (lockout.Address, bool) {
	if c.Address == "" {
		return lockout.Address{}, false
	}
	a, _ := lockout.ParseAddress(c.address()) // what is no address is the unknown one
	return a, true
}
