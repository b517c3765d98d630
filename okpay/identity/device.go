package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// DeviceID names a trusted device. It is no secret.
type DeviceID string

// DeviceState is where the trust in a device is in its life.
type DeviceState string

const (
	// DeviceTrusted lets guesses from the device be counted apart from all others', so that a
	// stranger's do not lock its owner out.
	DeviceTrusted DeviceState = "trusted"
	// DeviceRevoked is trusted no longer: its owner said so, or another took its place. Final.
	DeviceRevoked DeviceState = "revoked"
	// DeviceExpired was trusted for as long as is possible, or before a change of credentials.
	// Final.
	DeviceExpired DeviceState = "expired"
)

const (
	trust  okpay.Action = "trust"
	revoke okpay.Action = "revoke"
)

// DeviceMachine is the table of trusted devices.
func DeviceMachine() okpay.Machine[DeviceState] {
	return okpay.Machine[DeviceState]{Noun: "device", Rows: []okpay.Row[DeviceState]{
		{To: DeviceTrusted, On: trust, Emits: []string{"device.trusted"}, Mails: []string{"device_trusted"}},
		{From: DeviceTrusted, On: revoke, To: DeviceRevoked, Emits: []string{"device.revoked"}},
		{From: DeviceTrusted, On: expire, To: DeviceExpired, Emits: []string{"device.expired"}},
	}}
}

// maxDevices bounds Config.MaxDevices.
const maxDevices = 20

// Device is a device that a customer trusts.
type Device struct {
	ID        DeviceID    `json:"id"`
	State     DeviceState `json:"state"`
	Name      string      `json:"name"` // in a few words, such as "Firefox, Windows"
	Place     string      `json:"place,omitempty"`
	TrustedAt time.Time   `json:"trusted_at"`
	EndsAt    time.Time   `json:"ends_at"`
}

// devicesDoc is all devices that a customer trusts, in one record: so no two Changes can trust
// one more than there may be.
type devicesDoc struct {
	Of       okpay.CustomerID `json:"of"`
	Devices  []deviceRecord   `json:"devices,omitempty"`
	Sequence int64            `json:"sequence"`

	about DeviceID // what the next event is about
}

type deviceRecord struct {
	Device
	Secret []byte `json:"secret"` // SHA-256 of what the token has
	Epoch  int64  `json:"epoch"`
}

// Put is the record.
func (v *devicesDoc) Put() ledger.Put {
	put := plain("devices", string(v.Of), v.Of)
	for i := range v.Devices {
		if put.Due.IsZero() || v.Devices[i].EndsAt.Before(put.Due) {
			put.Due = v.Devices[i].EndsAt
		}
	}
	return put
}

// View names the device that the event is about.
func (v *devicesDoc) View() any {
	return map[string]any{"customer": v.Of, "device": v.about, "sequence": v.Sequence}
}

// Customer is whose they are.
func (v *devicesDoc) Customer() okpay.CustomerID { return v.Of }

// Counter counts the events.
func (v *devicesDoc) Counter() *int64 { return &v.Sequence }

// Facts are what the message about a newly trusted one tells.
func (v *devicesDoc) Facts(string) map[string]string {
	for i := range v.Devices {
		if r := &v.Devices[i]; r.ID == v.about {
			return with(map[string]string{"at": r.TrustedAt.Format(time.RFC3339), "device": r.Name}, "place", r.Place)
		}
	}
	return nil
}

// find returns the trusted device of a token, "" if it is none of theirs.
func (v *devicesDoc) find(token Secret, epoch int64, now time.Time) (found DeviceID) {
	id, digest := splitToken(token, "dev_")
	for i := range v.Devices {
		r := &v.Devices[i]
		if equal(r.Secret, digest) && string(r.ID) == id && r.trusted(epoch, now) {
			found = r.ID
		}
	}
	return found
}

// has reports whether a device is trusted.
func (v *devicesDoc) has(id DeviceID, epoch int64, now time.Time) bool {
	return slices.ContainsFunc(v.Devices, func(r deviceRecord) bool { return r.ID == id && r.trusted(epoch, now) })
}

func (r *deviceRecord) trusted(epoch int64, now time.Time) bool {
	return r.State == DeviceTrusted && r.Epoch == epoch && now.Before(r.EndsAt)
}

// drop takes devices out of the record and drafts what is told of each.
func (v *devicesDoc) drop(d *okpay.Draft, on okpay.Action, actor string, are func(*deviceRecord) bool) (told []dropped, err error) {
	var kept []deviceRecord
	for i := range v.Devices {
		r := v.Devices[i]
		if !are(&r) {
			kept = append(kept, r)
			continue
		}
		m, err := DeviceMachine().Move(&r.State, string(r.ID), on, okpay.Always)
		if err != nil {
			return nil, err
		}
		d.Audit(okpay.AuditEntry{
			Actor: actor, Action: "device." + string(on), Customer: v.Of, Object: string(r.ID),
			Facts: with(map[string]string{"device": r.Name}, "place", r.Place), Shown: true,
		})
		told = append(told, dropped{r.ID, m})
	}
	v.Devices = kept
	return told, nil
}

// dropped is a device and what is told of it.
type dropped struct {
	id   DeviceID
	told okpay.Told
}

// TrustDevice makes the device from which a request comes a trusted one and returns its token, which
// the device keeps and hands in as Client.Device whenever it signs in. When there are
// Config.MaxDevices already, it takes the place of the one trusted longest. The customer is told.
// Errors: AuthenticationRequired, SessionEnded, AccountLocked for a limited session,
// InvalidRequest, AuthenticationRequired too when the session has not proven who its holder is
// within Config.Recent.
func (x *Identity) TrustDevice(ctx context.Context, from Client) (token Secret, device Device, err error) {
	if err := from.check(); err != nil {
		return Secret{}, Device{}, err
	}
	_, err = x.doOwn(ctx, own{operation: "device.trust"}, func(d *okpay.Draft, s *sessionDoc) error {
		if err := x.recent(s, d.Now()); err != nil {
			return err
		}
		v, err := x.devices(d, s.Session.Customer)
		if err != nil {
			return err
		}
		actor := "c/" + string(v.Of)
		expired, err := v.drop(d, expire, "program", func(r *deviceRecord) bool { return !r.trusted(s.Epoch, d.Now()) })
		if err != nil {
			return err
		}
		oldest := max(0, len(v.Devices)+1-x.cfg.MaxDevices)
		revoked, err := v.drop(d, revoke, actor, func(r *deviceRecord) bool { // in the order of trust
			oldest--
			return oldest >= 0
		})
		if err != nil {
			return err
		}
		r := deviceRecord{Device: Device{
			ID: DeviceID(x.w.NewID("dev_")), Name: deviceName(from.UserAgent), Place: from.Place,
			TrustedAt: d.Now(), EndsAt: d.Now().Add(x.cfg.DeviceTrust),
		}, Epoch: s.Epoch}
		if token, r.Secret, err = x.newToken(string(r.ID)); err != nil {
			return err
		}
		m, err := DeviceMachine().Move(&r.State, string(r.ID), trust, okpay.Always)
		if err != nil {
			return err
		}
		v.Devices, device = append(v.Devices, r), r.Device
		d.Audit(okpay.AuditEntry{
			Actor: actor, Action: "device.trust", Customer: v.Of, Object: string(r.ID), Session: string(s.ID), Facts: from.facts(), Shown: true,
		})
		return x.writeDevices(d, v, append(append(expired, revoked...), dropped{r.ID, m})...)
	})
	return token, device, err
}

// Devices returns the devices that whoever is signed in trusts, in the order in which they were
// trusted. Errors: AuthenticationRequired, SessionEnded.
func (x *Identity) Devices(ctx context.Context) ([]Device, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return nil, err
	}
	v, err := x.devices(reading{ctx, x.w}, a.Customer)
	if err != nil {
		return nil, err
	}
	var out []Device
	for i := range v.Devices {
		if r := &v.Devices[i]; r.trusted(a.Epoch, x.w.Now()) {
			out = append(out, r.Device)
		}
	}
	return out, nil
}

// RevokeDevice ends the trust in a device. Sessions that began on it go on. Errors:
// AuthenticationRequired, SessionEnded, AccountLocked for a limited session, NotFound.
func (x *Identity) RevokeDevice(ctx context.Context, id DeviceID) error {
	_, err := x.doOwn(ctx, own{operation: "device.revoke"}, func(d *okpay.Draft, s *sessionDoc) error {
		v, err := x.devices(d, s.Session.Customer)
		if err != nil {
			return err
		}
		if !v.has(id, s.Epoch, d.Now()) {
			return okpay.NewError(okpay.NotFound, "there is no trusted device with this id")
		}
		told, err := v.drop(d, revoke, "c/"+string(v.Of), func(r *deviceRecord) bool { return r.ID == id })
		if err != nil {
			return err
		}
		return x.writeDevices(d, v, told...)
	})
	return err
}

// devicesDue ends trust whose time is over.
func (x *Identity) devicesDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "device.expire"}, func(d *okpay.Draft) error {
		v, err := x.devices(d, okpay.CustomerID(id))
		if err != nil {
			return err
		}
		told, err := v.drop(d, expire, "program", func(r *deviceRecord) bool { return !d.Now().Before(r.EndsAt) })
		if err != nil {
			return err
		}
		if len(told) == 0 {
			return okpay.ErrNothingDue
		}
		return x.writeDevices(d, v, told...)
	})
	return err
}

func (x *Identity) devices(r okpay.Reader, customer okpay.CustomerID) (*devicesDoc, error) {
	v := &devicesDoc{Of: customer}
	return v, optional(r.Read("devices", string(customer), v))
}

// writeDevices writes the record once, with the events of each device in turn.
func (x *Identity) writeDevices(d *okpay.Draft, v *devicesDoc, told ...dropped) error {
	for i, t := range told {
		v.about = t.id
		if i == len(told)-1 {
			return d.Write(v, t.told)
		}
		if err := d.Announce(v, t.told.Emits...); err != nil {
			return err
		}
	}
	return d.Write(v)
}

// recent refuses who has proven who they are too long ago. Errors: AuthenticationRequired.
func (x *Identity) recent(s *sessionDoc, now time.Time) error {
	if now.Sub(s.ProvenAt) > x.cfg.Recent {
		return okpay.NewError(okpay.AuthenticationRequired, "it is too long ago that the session proved who its holder is")
	}
	return nil
}

// maxFamiliar is how many clients of a customer are known again.
const maxFamiliar = 20

// familiarDoc are the clients from which a customer has signed in, by keyed digests.
type familiarDoc struct {
	Clients []string `json:"clients"` // the latest last
}

// recognize reports whether a sign-in is from a trusted device, or from the kind of device and
// the place of an earlier one, and remembers it.
func (x *Identity) recognize(d *okpay.Draft, b beginning) (familiar bool, err error) {
	var known familiarDoc
	if err := optional(d.Read("familiar", string(b.customer), &known)); err != nil {
		return false, err
	}
	place := b.client.Place
	if place == "" {
		place = shortened(b.client.Address)
	}
	digest := hexOf(mac(x.stableKey("familiar"), string(b.customer), deviceName(b.client.UserAgent), strings.ToLower(place)))
	if at := slices.Index(known.Clients, digest); at >= 0 {
		familiar = true
		known.Clients = slices.Delete(known.Clients, at, at+1)
	}
	known.Clients = append(known.Clients, digest)
	known.Clients = known.Clients[max(0, len(known.Clients)-maxFamiliar):]
	put := plain("familiar", string(b.customer), b.customer)
	put.Content = encode(known)
	d.Put(put)
	return familiar || b.device != "", nil
}
