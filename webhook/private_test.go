package webhook_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

func TestIsPublic(t *testing.T) {
	public := []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34",
		"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
		"192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
		"203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2000::", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700::1111", "3ffe::1", "3fff:1000::",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
	}
	private := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255",
		"192.0.0.0", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
		"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
		"::", "::1", "::2", "::127.0.0.1", "::8.8.8.8",
		"::ffff:0.0.0.0", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::ffff:192.168.1.1",
		"::ffff:0:127.0.0.1",
		"64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::", "64:ff9b:1::8.8.8.8", "64:ff9b:0:1::808:808",
		"100::1", "1fff:ffff::", "2001::1", "2001:1::1", "2001:20::1", "2001:1ff::1", "2001:db8::1", "2001:db8:ffff::1",
		"2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff::1", "4000::", "5f00::1",
		"fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
		"2606:4700::1111%eth0",
	}
	for _, text := range public {
		assert.True(t, webhook.IsPublic(netip.MustParseAddr(text)), text)
	}
	for _, text := range private {
		assert.False(t, webhook.IsPublic(netip.MustParseAddr(text)), text)
	}
	assert.False(t, webhook.IsPublic(netip.Addr{}))
}

func TestRefusePrivate(t *testing.T) {
	require.NoError(t, webhook.RefusePrivate("tcp4", "8.8.8.8:443", nil))
	require.NoError(t, webhook.RefusePrivate("tcp6", "[2606:4700::1111]:443", nil))
	for _, address := range []string{"127.0.0.1:443", "[::1]:443", "[::ffff:127.0.0.1]:80", "[fe80::1%eth0]:80"} {
		err := webhook.RefusePrivate("tcp", address, nil)
		require.ErrorIs(t, err, webhook.ErrPrivateAddress, address)
		var private *webhook.PrivateAddressError
		require.ErrorAs(t, err, &private)
		assert.Contains(t, err.Error(), private.Address.String())
	}
	for _, address := range []string{"", "example.com:443", "8.8.8.8", "/run/socket"} {
		require.Error(t, webhook.RefusePrivate("tcp", address, nil), address)
	}
}

func FuzzIsPublic(f *testing.F) {
	for _, seed := range []string{"127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2001:db8::1", "8.8.8.8"} {
		f.Add(netip.MustParseAddr(seed).AsSlice())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || !webhook.IsPublic(addr) {
			return
		}
		plain := addr.Unmap()
		if plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() ||
			plain.IsUnspecified() || plain.IsInterfaceLocalMulticast() || !plain.IsGlobalUnicast() {
			t.Fatalf("%s is taken for public", addr)
		}
	})
}
