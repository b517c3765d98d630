package care

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// ChannelKind says what an official channel is.
type ChannelKind string

// The kinds.
const (
	ChannelPhone  ChannelKind = "phone"
	ChannelEmail  ChannelKind = "email"
	ChannelWeb    ChannelKind = "web"    // a host name, such as help.example.com
	ChannelApp    ChannelKind = "app"    // the id of an app in its store
	ChannelSocial ChannelKind = "social" // an account of another service, such as example.social/@help
)

// Channel is one way in which the operator of the wallet can be reached and reaches customers.
// There are no others.
type Channel struct {
	Kind ChannelKind `json:"kind"`
	Name string      `json:"name,omitempty"` // for people, at most 100 characters
	// Open is when somebody answers, for people. Telephones are open day and night unless it
	// says otherwise: "24x7".
	Open  string `json:"open,omitempty"`
	Value string `json:"value"` // the number with country code, the address, the host name, the id
}

// Directory is all official channels. Its JSON is canonical (RFC 8785).
type Directory struct {
	Channels  []Channel `json:"channels"` // by kind and value
	Issuer    string    `json:"issuer"`   // who says so
	KeyID     string    `json:"key_id"`
	NotAfter  time.Time `json:"not_after"`  // the first instant at which it is not valid any more
	NotBefore time.Time `json:"not_before"` // in whole seconds, as NotAfter
	Version   int64     `json:"version"`    // an app takes none that is older than what it has seen
}

// signedDirectory is a Directory as it is published.
type signedDirectory struct {
	Directory Directory `json:"directory"`
	Signature string    `json:"signature"` // Ed25519, in base64
}

// DirectoryKey signs directories. It is never printed.
type DirectoryKey struct {
	ID      string // 1 to 64 letters, digits, '_' and '-'
	Private ed25519.PrivateKey
}

// String is the key's name.
func (k DirectoryKey) String() string { return "DirectoryKey(" + k.ID + ")" }

// GoString is String.
func (k DirectoryKey) GoString() string { return k.String() }

// Format prints the name, whatever the verb.
func (k DirectoryKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText is the key's name.
func (k DirectoryKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// DirectoryConfig is the part of Config that is about official channels. Without it no directory
// can be published.
type DirectoryConfig struct {
	// Issuer is who the operator of the wallet is, for people, at most 100 characters.
	Issuer string
	// DirectoryKey signs directories.
	DirectoryKey DirectoryKey
}

func (c *DirectoryConfig) check() (err error) {
	if c.Issuer == "" && c.DirectoryKey.ID == "" && c.DirectoryKey.Private == nil {
		return nil
	}
	if c.Issuer, err = (prose{field: "issuer", least: 1, most: 100}).check(c.Issuer); err != nil {
		return err
	}
	if err := okpay.CheckID("directory_key", c.DirectoryKey.ID); err != nil {
		return err
	}
	if len(c.DirectoryKey.Private) != ed25519.PrivateKeySize {
		return okpay.InvalidField("directory_key", "is not an Ed25519 key")
	}
	return nil
}

const (
	maxChannels      = 100
	maxDirectoryLen  = 64 << 10
	maxDirectoryLife = 366 * 24 * time.Hour
)

// signedFor keeps a signature of a directory from being one of something else.
const signedFor = "okpay/care/directory/v1\n"

// canonical writes what is signed.
func (d *Directory) canonical() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(d)
	return append([]byte(signedFor), bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), err
}

// VerifyDirectory reads a published directory, offline, with keys that the reader trusts by their
// ids, and returns it if one of them signed it and it is valid now. Errors: InvalidRequest for
// what is no directory or more than 64 KiB, AuthenticationFailed for an unknown key, a wrong
// signature, or a time in which it is not valid.
func VerifyDirectory(data []byte, now time.Time, keys map[string]ed25519.PublicKey) (Directory, error) {
	if len(data) > maxDirectoryLen {
		return Directory{}, okpay.InvalidField("directory", "has %d bytes, want at most %d", len(data), maxDirectoryLen)
	}
	var s signedDirectory
	r := json.NewDecoder(bytes.NewReader(data))
	r.DisallowUnknownFields()
	if err := r.Decode(&s); err != nil {
		return Directory{}, okpay.InvalidField("directory", "is not one")
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return Directory{}, okpay.InvalidField("directory", "goes on after its end")
	}
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil || len(signature) != ed25519.SignatureSize {
		return Directory{}, okpay.InvalidField("directory", "has no signature")
	}
	// What is verified is what is returned, written anew: nothing beside it could be read in.
	signed, err := s.Directory.canonical()
	if err != nil {
		return Directory{}, okpay.InvalidField("directory", "is not one")
	}
	key, ok := keys[s.Directory.KeyID]
	if !ok || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, signed, signature) {
		return Directory{}, okpay.NewError(okpay.AuthenticationFailed, "the directory is not signed by a key that is trusted")
	}
	if now.Before(s.Directory.NotBefore) || !now.Before(s.Directory.NotAfter) {
		return Directory{}, okpay.NewError(okpay.AuthenticationFailed, "the directory is not valid at this time")
	}
	return s.Directory, nil
}

// Directories is the service for the directory of official channels.
type Directories struct{ c *Care }

// PublishDirectory is the input of Directories.Publish.
type PublishDirectory struct {
	By       OperatorID
	Why      string        // 3 to 500 characters; for the audit
	Channels []Channel     // 1 to 100, a telephone among them
	ValidFor time.Duration // 90 days unless told, at most 366
	Key      string        // makes the call safe to repeat
}

// directoryDoc is the directory in force.
type directoryDoc struct {
	Signed json.RawMessage `json:"signed"`
	Last   int64           `json:"last"`
	Count  int64           `json:"count"`
}

func (d *directoryDoc) Put() ledger.Put            { return ledger.Put{Type: "directory", ID: "current"} }
func (d *directoryDoc) View() any                  { return map[string]any{"version": d.Last} }
func (d *directoryDoc) Customer() okpay.CustomerID { return "" }
func (d *directoryDoc) Counter() *int64            { return &d.Count }

// Publish signs a directory and puts it in force, one version on. Errors, the first that applies:
// InvalidRequest, PermissionDenied, IdempotencyKeyReused, InvalidState without Config.DirectoryKey.
func (s *Directories) Publish(ctx context.Context, in PublishDirectory) (Directory, error) {
	channels, err := checkChannels(in.Channels)
	if err != nil {
		return Directory{}, err
	}
	in.ValidFor = cmp.Or(in.ValidFor, 90*24*time.Hour)
	if in.ValidFor < time.Hour || in.ValidFor > maxDirectoryLife {
		return Directory{}, okpay.InvalidField("valid_for", "is %v, want one hour to %v", in.ValidFor, maxDirectoryLife)
	}
	listed, err := json.Marshal(channels)
	if err != nil {
		return Directory{}, err
	}
	a := deed{by: in.By, why: in.Why, may: MayManageChannels, action: "directory.publish", object: "current", key: in.Key, request: []ledger.Field{
		{Name: "channels", Value: string(listed)}, {Name: "valid_for", Value: in.ValidFor.String()},
	}}
	_, err = s.c.acts(ctx, a, func(d *okpay.Draft, _ *Operator, entry *okpay.AuditEntry) error {
		if s.c.cfg.DirectoryKey.Private == nil {
			return okpay.NewError(okpay.InvalidState, "nothing signs directories here")
		}
		doc := &directoryDoc{}
		if err := d.Read("directory", "current", doc); err != nil && !errors.Is(err, okpay.NotFound) {
			return err
		}
		doc.Last++
		from := d.Now().UTC().Truncate(time.Second)
		signed := signedDirectory{Directory: Directory{
			Channels: channels, Issuer: s.c.cfg.Issuer, KeyID: s.c.cfg.DirectoryKey.ID, NotBefore: from, NotAfter: from.Add(in.ValidFor), Version: doc.Last,
		}}
		text, err := signed.Directory.canonical()
		if err != nil {
			return err
		}
		signed.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(s.c.cfg.DirectoryKey.Private, text))
		if doc.Signed, err = json.Marshal(signed); err != nil {
			return err
		}
		return d.Write(doc, okpay.Told{Emits: []string{"directory.published"}})
	})
	if err != nil {
		return Directory{}, err
	}
	current, _, err := s.Current(ctx)
	return current, err
}

// Current returns the directory in force, and as it was signed: what customers' apps are given,
// and what messages name. Errors: NotFound before the first was published.
func (s *Directories) Current(ctx context.Context) (d Directory, signed []byte, err error) {
	doc := &directoryDoc{}
	if err := s.c.w.Read(ctx, "directory", "current", doc); err != nil {
		if errors.Is(err, okpay.NotFound) {
			err = okpay.NewError(okpay.NotFound, "no directory was published")
		}
		return Directory{}, nil, err
	}
	var read signedDirectory
	err = json.Unmarshal(doc.Signed, &read)
	return read.Directory, doc.Signed, err
}

// checkChannels brings channels into their normal form and order. Errors: InvalidRequest.
func checkChannels(channels []Channel) ([]Channel, error) {
	if len(channels) == 0 || len(channels) > maxChannels {
		return nil, okpay.InvalidField("channels", "are %d, want 1 to %d", len(channels), maxChannels)
	}
	out := slices.Clone(channels)
	phones := 0
	for i := range out {
		ch := &out[i]
		var err error
		if ch.Name, err = (prose{field: "channels", most: 100}).check(ch.Name); err != nil {
			return nil, err
		}
		if ch.Open, err = (prose{field: "channels", most: 100}).check(ch.Open); err != nil {
			return nil, err
		}
		switch ch.Kind {
		case ChannelPhone:
			ch.Value, err = okpay.NormalizePhone(ch.Value)
			ch.Open = cmp.Or(ch.Open, "24x7")
			phones++
		case ChannelEmail:
			ch.Value, err = okpay.NormalizeEmail(ch.Value)
		case ChannelWeb:
			ch.Value = strings.ToLower(ch.Value)
			if !isHostName(ch.Value) {
				err = okpay.InvalidField("channels", "have a host name that is not one")
			}
		case ChannelApp, ChannelSocial:
			if !isPlain(ch.Value) {
				err = okpay.InvalidField("channels", "have an id that is not 1 to 200 plain characters")
			}
		default:
			err = okpay.InvalidField("channels", "have a kind that is not known")
		}
		if err != nil {
			return nil, err
		}
	}
	if phones == 0 {
		return nil, okpay.InvalidField("channels", "have no telephone")
	}
	slices.SortFunc(out, func(a, b Channel) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	for i := 1; i < len(out); i++ {
		if out[i].Kind == out[i-1].Kind && out[i].Value == out[i-1].Value {
			return nil, okpay.InvalidField("channels", "have one twice")
		}
	}
	return out, nil
}
