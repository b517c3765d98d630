package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// MerchantID names a merchant.
type MerchantID string

// MerchantState is where a merchant is in its life.
type MerchantState string

const (
	// MerchantActive is paid.
	MerchantActive MerchantState = "active"
	// MerchantClosed asks for no more money. Final.
	MerchantClosed MerchantState = "closed"
)

func merchantMachine() Machine[MerchantState] {
	return Machine[MerchantState]{Noun: "merchant", Rows: []Row[MerchantState]{
		{To: MerchantActive, On: "register", Emits: []string{"merchant.created"}},
		{From: MerchantActive, On: closeAccount, To: MerchantClosed, Emits: []string{"merchant.closed"}},
	}}
}

// Merchant is a shop or business that is paid.
type Merchant struct {
	ID        MerchantID    `json:"id"`
	Name      string        `json:"name"`
	State     MerchantState `json:"state"`
	Locale    string        `json:"locale,omitempty"` // "en" or "zh-CN"
	CreatedAt time.Time     `json:"created_at"`

	// Contacts are personal and kept apart from the rest.
	Contacts []Contact `json:"-"`

	// Fees, if set, replace Config.Fees for this merchant.
	Fees *Fees `json:"fees,omitempty"`

	// Currencies, if set, are the only ones that the merchant takes payments in.
	Currencies []string `json:"currencies,omitempty"`

	Sequence int64 `json:"sequence"`

	// ClosingAt is set for the moment in which Merchants.Close looks for what is in the way.
	// Nothing begins meanwhile.
	ClosingAt *time.Time `json:"closing_at,omitempty"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func (m *Merchant) record() ledger.Put {
	put := ledger.Put{Type: "merchant", ID: string(m.ID)}
	if m.ClosingAt != nil {
		put.Due = m.ClosingAt.Add(closingTakes)
	}
	return put
}

// view names the merchant and holds nothing personal.
func (m *Merchant) view(*Wallet) (any, error) {
	v := map[string]any{"id": m.ID, "state": m.State, "sequence": m.Sequence}
	if m.Contacts != nil {
		v["contacts"] = known(m.Contacts)
	}
	return v, nil
}

func (m *Merchant) with(p *profile) { m.Contacts = p.contacts() }

func (m *Merchant) counter() *int64 { return &m.Sequence }

// parties are none: merchants hear of their money, not of themselves.
func (m *Merchant) parties() (MerchantID, CustomerID) { return "", "" }

// Merchants is the service for merchants.
type Merchants struct{ w *Wallet }

// CreateMerchant is the input of Merchants.Create.
type CreateMerchant struct {
	// ID is the embedding program's own id: 1 to 64 letters, digits, '_' and '-'. Defaults
	// to a new one with the prefix "mer_".
	ID     MerchantID
	Name   string // 1 to 200 bytes
	Locale string // "en" or "zh-CN"; defaults to "en"
	Key    string // makes the call safe to repeat
}

// Create registers a merchant. Config.Risk is asked first and may refuse. A merchant that it
// wants challenged or reviewed is not registered: call again, with another Key, once it
// allows them. Its verdict is kept as a Screening.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, InvalidState when
// the ID is taken, ServiceBusy when Config.Risk does not answer, RiskDeclined and UnderReview
// (recorded; the ID stays free).
func (s *Merchants) Create(ctx context.Context, in CreateMerchant) (Merchant, error) {
	if in.Locale == "" {
		in.Locale = "en"
	}
	if in.Name == "" {
		return Merchant{}, InvalidField("name", "is empty")
	}
	if err := checkProfile(&in.Name, &in.Locale); err != nil {
		return Merchant{}, err
	}
	asked := in.ID
	if in.ID == "" {
		in.ID = MerchantID(s.w.newID("mer_"))
	} else if err := CheckID("id", string(in.ID)); err != nil {
		return Merchant{}, err
	}
	v := verb{"program", "merchant.create", in.Key, []ledger.Field{
		{Name: "id", Value: string(asked)}, {Name: "name", Value: in.Name}, {Name: "locale", Value: in.Locale},
	}}
	risk := s.w.risk()
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		m := Merchant{ID: in.ID, Name: in.Name, Locale: in.Locale, CreatedAt: d.Now()}
		if err := mustBeNew(d, "merchant", string(m.ID)); err != nil {
			return err
		}
		check := RiskCheck{Operation: OnRegister, Merchant: m.ID, Name: in.Name, At: d.Now()}
		verdict, err := risk.ask(ctx, check)
		switch {
		case err != nil:
			return err
		case verdict.Verdict == Block:
			s.w.refuseScreened(d, RiskDeclined, check, verdict)
			return nil
		case verdict.Verdict != Allow:
			s.w.refuseScreened(d, UnderReview, check, verdict)
			return nil
		case verdict != (Assessment{}):
			s.w.screened(d, check, verdict, false)
		}
		d.Result = string(m.ID)
		made, err := merchantMachine().Move(&m.State, string(m.ID), "register", Always)
		if err != nil {
			return err
		}
		return s.w.write(&d.Change, d.Now(), &m, made)
	})
	if err != nil {
		return Merchant{}, translate(err)
	}
	return s.after(ctx, MerchantID(out.Result), out)
}

// UpdateMerchant is the input of Merchants.Update. What is nil stays as it is.
type UpdateMerchant struct {
	Merchant MerchantID
	Name     *string // 1 to 200 bytes
	Locale   *string // "en" or "zh-CN"
	Key      string  // makes the call safe to repeat
}

// Update changes a merchant's name or locale. Errors, the first that applies:
// InvalidRequest, IdempotencyKeyReused, NotFound, AccountClosed.
func (s *Merchants) Update(ctx context.Context, in UpdateMerchant) (Merchant, error) {
	switch {
	case in.Name == nil && in.Locale == nil:
		return Merchant{}, InvalidField("name", "is missing, and so is locale: nothing to change")
	case in.Name != nil && *in.Name == "":
		return Merchant{}, InvalidField("name", "is empty")
	}
	if err := checkProfile(in.Name, in.Locale); err != nil {
		return Merchant{}, err
	}
	v := verb{"program", "merchant.update", in.Key, []ledger.Field{
		{Name: "merchant", Value: string(in.Merchant)}, optionalField("name", in.Name), optionalField("locale", in.Locale),
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		m, err := s.w.openMerchant(d, in.Merchant)
		if err != nil {
			return err
		}
		if in.Name != nil {
			m.Name = *in.Name
		}
		if in.Locale != nil {
			m.Locale = *in.Locale
		}
		return s.w.write(&d.Change, d.Now(), m, Told{Emits: []string{"merchant.updated"}})
	})
	if err != nil {
		return Merchant{}, translate(err)
	}
	return s.after(ctx, in.Merchant, out)
}

// openMerchant reads a merchant that may begin something new. The draft relies on it, so
// that nothing begins while the merchant is being closed. Errors: NotFound, AccountClosed,
// ServiceBusy in the moment of closing.
func (w *Wallet) openMerchant(d *ledger.Draft, id MerchantID) (*Merchant, error) {
	m := &Merchant{}
	if err := draftGet(d, "merchant", string(id), m); err != nil {
		return nil, err
	}
	if m.State == MerchantClosed {
		e := NewError(AccountClosed, "the merchant's account is closed")
		e.Object = string(id)
		return nil, e
	}
	return m, busyClosing(m.ClosingAt, string(id))
}

// after is what a verb returns.
func (s *Merchants) after(ctx context.Context, id MerchantID, out ledger.Outcome) (Merchant, error) {
	m, err := s.Get(ctx, id)
	m.Replayed = out.Replayed
	return m, err
}

// Get returns a merchant. Errors: NotFound.
func (s *Merchants) Get(ctx context.Context, id MerchantID) (Merchant, error) {
	var m Merchant
	if err := s.w.get(ctx, "merchant", string(id), &m); err != nil {
		return Merchant{}, translate(err)
	}
	return s.w.shownMerchant(ctx, m)
}

// shownMerchant puts a merchant together with their contacts.
func (w *Wallet) shownMerchant(ctx context.Context, m Merchant) (Merchant, error) {
	var p profile
	err := w.get(ctx, "profile", partyMerchant(m.ID), &p)
	if errors.Is(err, NotFound) { // no contact was ever added
		return m, nil
	}
	m.Contacts = p.contacts()
	return m, translate(err)
}

// List returns merchants in the order of their ids, at most limit (1 to 100, 20 unless
// told), continuing after one that was seen, and whether there are more.
func (s *Merchants) List(ctx context.Context, after MerchantID, limit int) (page []Merchant, more bool, err error) {
	records, more, err := s.w.page(ctx, "merchant", "", string(after), false, limit)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		var m Merchant
		if err := decodeRecord("merchant", r.ID, r, nil, &m); err != nil {
			return nil, false, err
		}
		if m, err = s.w.shownMerchant(ctx, m); err != nil {
			return nil, false, err
		}
		page = append(page, m)
	}
	return page, more, nil
}

// Balances returns the merchant's balances, one for each currency ever used, in order of
// first use. Errors: NotFound.
func (s *Merchants) Balances(ctx context.Context, id MerchantID) ([]Balance, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.balances(ctx, merchantAccount(id))
}

// Statement returns a page of the merchant's entries in one currency. Errors: NotFound,
// CurrencyNotSupported.
func (s *Merchants) Statement(ctx context.Context, id MerchantID, currency string, page StatementPage) ([]StatementLine, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.statement(ctx, merchantAccount(id), currency, page)
}
