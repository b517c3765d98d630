package identity_test

import (
	"crypto/sha256"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/okpay/okpay-go/okpay/identity"
)

// FuzzToken holds that a token is read in one form only: what has an id is the text that was made.
func FuzzToken(f *testing.F) {
	x := bare(f)
	made, digest, err := x.NewToken("ses_1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.Reveal())
	f.Add("ses_1.")
	f.Add("ses_1." + strings.Repeat("A", 43) + "\n")
	f.Add("." + strings.Repeat("_", 43))
	none := sha256.Sum256(nil)
	f.Fuzz(func(t *testing.T, text string) {
		id, got := identity.SplitToken(text, "ses_")
		switch {
		case id == "" && string(got) != string(none[:]):
			t.Fatal("no id, but a digest")
		case id != "" && (!strings.HasPrefix(id, "ses_") || len(text) != len(id)+44 || !strings.HasPrefix(text, id+".")):
			t.Fatalf("read %q of a text of %d bytes", id, len(text))
		case string(got) == string(digest) && !strings.HasSuffix(text, made.Reveal()[len("ses_1"):]):
			t.Fatal("another text with the same secret")
		}
	})
}

// FuzzClient holds that nothing of what a client says of itself gets into what is told but words of
// ours and a shortened address.
func FuzzClient(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0) Firefox/140", "192.0.2.1:80")
	f.Add("\r\nBcc: a@example.com", "::ffff:192.0.2.1")
	f.Add("{{.}} iPhone", "fe80::1%eth0")
	words := regexp.MustCompile(`^[A-Za-z ]+(, [A-Za-z]+)?$`)
	f.Fuzz(func(t *testing.T, agent, address string) {
		facts := identity.ClientFacts(identity.Client{UserAgent: agent, Address: address})
		if !words.MatchString(facts["device"]) || len(facts["device"]) > 40 {
			t.Fatalf("device %q", facts["device"])
		}
		near, ok := facts["address"]
		if !ok {
			return
		}
		p, err := netip.ParsePrefix(near)
		if err != nil || p != p.Masked() || p.Bits() != 24 && p.Bits() != 48 || p.Addr().Is4() != (p.Bits() == 24) {
			t.Fatalf("address %q", near)
		}
	})
}
