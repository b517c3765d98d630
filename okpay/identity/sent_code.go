package identity

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

const (
	codeDigits = 8
	// codeLasts is how long a code that was sent is good.
	codeLasts = 10 * time.Minute
	// codeTries is how many codes of one flow may be wrong: the last one ends it.
	codeTries = 5
)

// sentCode is a code, or the token of a link, that is under way to somebody. It is stored
// nowhere: it is derived from a key and from what stands here, once when it is sent and again
// when it is compared.
type sentCode struct {
	Generation int           `json:"generation"`
	Key        string        `json:"key"` // id of the Key that it is derived from
	To         okpay.Address `json:"to"`
	SentAt     time.Time     `json:"sent_at"`
	Until      time.Time     `json:"until"`
	Tries      int           `json:"tries"` // those that were wrong, of all generations
}

// next begins the next generation: the code before it is dead, its tries stay.
func (c *sentCode) next(x *Identity, to okpay.Address, now time.Time, lasts time.Duration) {
	c.Generation++
	c.Key, c.To, c.SentAt, c.Until = x.cfg.Keys[0].ID, to, now, now.Add(lasts)
}

// derived is what a code or token of a flow is made of.
func (x *Identity) derived(c *sentCode, purpose, flow string) ([]byte, error) {
	key, _, ok := x.key(c.Key, purpose)
	if !ok {
		return nil, okpay.NewError(okpay.InternalError, "a code was sent under a key that is not in Config.Keys")
	}
	return mac(key, flow, strconv.Itoa(c.Generation), string(c.To.Kind), c.To.Value), nil
}

// code is the code of a flow. Errors: InternalError for a key that is gone.
func (x *Identity) code(c *sentCode, flow string) (string, error) {
	b, err := x.derived(c, "code", flow)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint64(b)%100_000_000), nil
}

// link is the token of a link of a flow: 256 bits after the flow's id.
func (x *Identity) link(c *sentCode, purpose, flow string) (string, error) {
	b, err := x.derived(c, "link/"+purpose, flow)
	if err != nil {
		return "", err
	}
	return flow + "." + base64.RawURLEncoding.EncodeToString(b), nil
}

// normalizeCode returns what was typed without spaces and hyphens. Errors: InvalidRequest for
// what is no code: it can not be right, and counts as no try.
func normalizeCode(s string) (string, error) {
	if len(s) > 64 {
		return "", okpay.InvalidField("code", "is no code of %d digits", codeDigits)
	}
	s = strings.NewReplacer(" ", "", "-", "").Replace(s)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			s = ""
			break
		}
	}
	if len(s) != codeDigits {
		return "", okpay.InvalidField("code", "is no code of %d digits", codeDigits)
	}
	return s, nil
}
