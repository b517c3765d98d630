package okpay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Weekly is the period of a PayoutSchedule that is due once a week.
const Weekly Period = "week"

// PayoutScheduleState is where a payout schedule is in its life.
type PayoutScheduleState string

const (
	// PayoutScheduleActive makes payouts.
	PayoutScheduleActive PayoutScheduleState = "active"
	// PayoutScheduleRemoved makes none; it may be set again.
	PayoutScheduleRemoved PayoutScheduleState = "removed"
)

const (
	setSchedule    Action = "set"
	runSchedule    Action = "run"
	removeSchedule Action = "remove"

	payoutMade    Guard = "a payout is asked for"
	nothingToPay  Guard = "nothing, or less than the minimum, is above the reserve"
	payoutRefused Guard = "the payout is refused"
)

func payoutScheduleMachine() Machine[PayoutScheduleState] {
	active, removed := PayoutScheduleActive, PayoutScheduleRemoved
	return Machine[PayoutScheduleState]{Noun: "payout_schedule", Rows: []Row[PayoutScheduleState]{
		{On: setSchedule, To: active, Emits: []string{"payout_schedule.set"}},
		{From: active, On: setSchedule, To: active, Emits: []string{"payout_schedule.set"}},
		{From: removed, On: setSchedule, To: active, Emits: []string{"payout_schedule.set"}},
		{From: active, On: runSchedule, Guard: payoutMade, To: active},
		{From: active, On: runSchedule, Guard: nothingToPay, To: active},
		{From: active, On: runSchedule, Guard: payoutRefused, To: active, Emits: []string{"payout_schedule.failed"}},
		{From: active, On: removeSchedule, To: removed, Emits: []string{"payout_schedule.removed"}},
	}}
}

// PayoutSchedule pays out a merchant's whole available balance in one currency above a
// reserve, as far as limits allow, every day or every week.
type PayoutSchedule struct {
	Merchant    MerchantID          `json:"merchant"`
	Currency    string              `json:"currency"`
	State       PayoutScheduleState `json:"state"`
	Every       Period              `json:"every"`   // Daily or Weekly
	Weekday     time.Weekday        `json:"weekday"` // for Weekly, 0 is Sunday
	Hour        int                 `json:"hour"`    // in Config.Zone, 0 to 23
	Reserve     money.Amount        `json:"reserve"` // what stays
	Destination DestinationID       `json:"destination"`
	NextAt      time.Time           `json:"next_at"`
	LastPayout  PayoutID            `json:"last_payout,omitempty"`
	LastFailure *Refused            `json:"last_failure,omitempty"` // why the last payout could not be asked for
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
	Sequence    int64               `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// payoutScheduleDoc is a payout schedule as its record keeps it.
type payoutScheduleDoc struct {
	PayoutSchedule
	Reserve *struct{} `json:"reserve,omitempty"` // kept in Minor
	Minor   int64     `json:"minor"`
}

func payoutScheduleID(m MerchantID, currency string) string { return string(m) + "/" + currency }

func (s *payoutScheduleDoc) record() ledger.Put {
	put := ledger.Put{Type: "payout_schedule", ID: payoutScheduleID(s.Merchant, s.Currency), Labels: []string{"m:" + string(s.Merchant)}}
	if s.State == PayoutScheduleActive {
		put.Due = s.NextAt
	}
	return put
}

func (s *payoutScheduleDoc) view(w *Wallet) (any, error) { return w.payoutSchedule(s) }

func (s *payoutScheduleDoc) counter() *int64 { return &s.Sequence }

func (s *payoutScheduleDoc) parties() (MerchantID, CustomerID) { return s.Merchant, "" }

func (w *Wallet) payoutSchedule(s *payoutScheduleDoc) (PayoutSchedule, error) {
	reserve, err := w.restore(s.Minor, s.Currency)
	out := s.PayoutSchedule
	out.Reserve = reserve
	return out, err
}

// next is when the schedule is due after a time.
func (s *payoutScheduleDoc) next(after time.Time, zone *time.Location) time.Time {
	y, m, d := after.In(zone).Date()
	for day := d; ; day++ {
		at := time.Date(y, m, day, s.Hour, 0, 0, 0, zone)
		if at.After(after) && (s.Every == Daily || at.Weekday() == s.Weekday) {
			return at.UTC()
		}
	}
}

// SetPayoutSchedule is the input of Payouts.SetSchedule.
type SetPayoutSchedule struct {
	Merchant    MerchantID
	Currency    string
	Every       Period        // Daily or Weekly
	Weekday     time.Weekday  // for Weekly; for Daily zero
	Hour        int           // in Config.Zone, 0 to 23
	Reserve     money.Amount  // what stays; the zero Amount means nothing
	Destination DestinationID // one of the merchant's, verified
	Key         string        // makes the call safe to repeat
}

// SetSchedule sets a merchant's payout schedule for a currency, in place of the one before. The first payout is made
// when the hour comes next. Errors: InvalidRequest, CurrencyNotSupported, NotFound, DestinationInvalid,
// DestinationClosed, DestinationBlocked, DestinationNameMismatch, IdempotencyKeyReused.
func (s *Payouts) SetSchedule(ctx context.Context, in SetPayoutSchedule) (PayoutSchedule, error) {
	currency, err := s.w.Currency(in.Currency)
	switch {
	case err != nil:
		return PayoutSchedule{}, err
	case in.Every != Daily && in.Every != Weekly:
		return PayoutSchedule{}, InvalidField("every", "is neither %s nor %s", Daily, Weekly)
	case in.Weekday < time.Sunday || in.Weekday > time.Saturday || in.Every == Daily && in.Weekday != 0:
		return PayoutSchedule{}, InvalidField("weekday", "is no day of a week, or is set for every day")
	case in.Hour < 0 || in.Hour > 23:
		return PayoutSchedule{}, InvalidField("hour", "is %d, want 0 to 23", in.Hour)
	case in.Reserve != money.Amount{} && in.Reserve.Currency() != currency, in.Reserve.IsNegative():
		return PayoutSchedule{}, InvalidField("reserve", "is negative, or in another currency")
	}
	v := verb{"m/" + string(in.Merchant), "payout_schedule.set", in.Key, []ledger.Field{
		{Name: "currency", Value: currency.Code()},
		{Name: "every", Value: string(in.Every)},
		{Name: "weekday", Value: in.Weekday.String()},
		{Name: "hour", Value: strconv.Itoa(in.Hour)},
		amountField("reserve", in.Reserve),
		{Name: "destination", Value: string(in.Destination)},
	}}
	return s.runSchedule(ctx, v, in.Merchant, currency.Code(), func(d *ledger.Draft, doc *payoutScheduleDoc) error {
		if err := draftGet(d, "merchant", string(in.Merchant), &Merchant{}); err != nil {
			return err
		}
		if _, err := s.w.usable(d, owner{merchant: in.Merchant}, in.Destination); err != nil {
			return err
		}
		if doc.State == "" {
			doc.Merchant, doc.Currency, doc.CreatedAt = in.Merchant, currency.Code(), d.Now()
		}
		doc.Every, doc.Weekday, doc.Hour = in.Every, in.Weekday, in.Hour
		doc.Minor, doc.Destination, doc.LastFailure = in.Reserve.Minor(), in.Destination, nil
		doc.NextAt = doc.next(d.Now(), s.w.cfg.Zone)
		return s.writeSchedule(d, doc, setSchedule, Always)
	})
}

// RemovePayoutSchedule is the input of Payouts.RemoveSchedule.
type RemovePayoutSchedule struct {
	Merchant MerchantID
	Currency string
	Key      string // makes the call safe to repeat
}

// RemoveSchedule ends a schedule. Errors: NotFound, InvalidState when it was removed
// already, IdempotencyKeyReused.
func (s *Payouts) RemoveSchedule(ctx context.Context, in RemovePayoutSchedule) (PayoutSchedule, error) {
	v := verb{"m/" + string(in.Merchant), "payout_schedule.remove", in.Key, []ledger.Field{{Name: "currency", Value: in.Currency}}}
	return s.runSchedule(ctx, v, in.Merchant, in.Currency, func(d *ledger.Draft, doc *payoutScheduleDoc) error {
		if doc.State == "" {
			return notFound("payout schedule", payoutScheduleID(in.Merchant, in.Currency))
		}
		return s.writeSchedule(d, doc, removeSchedule, Always)
	})
}

// Schedule returns a merchant's payout schedule for a currency. Errors: NotFound.
func (s *Payouts) Schedule(ctx context.Context, merchant MerchantID, currency string) (PayoutSchedule, error) {
	doc := &payoutScheduleDoc{}
	if err := s.w.get(ctx, "payout_schedule", payoutScheduleID(merchant, currency), doc); err != nil {
		return PayoutSchedule{}, translate(err)
	}
	return s.w.payoutSchedule(doc)
}

func (s *Payouts) runSchedule(ctx context.Context, v verb, m MerchantID, currency string, fn func(*ledger.Draft, *payoutScheduleDoc) error) (PayoutSchedule, error) {
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		doc := &payoutScheduleDoc{}
		if err := draftGet(d, "payout_schedule", payoutScheduleID(m, currency), doc); err != nil && CodeOf(err) != NotFound {
			return err
		}
		return fn(d, doc)
	})
	if err != nil {
		return PayoutSchedule{}, translate(err)
	}
	got, err := s.Schedule(ctx, m, currency)
	got.Replayed = out.Replayed
	return got, err
}

func (s *Payouts) writeSchedule(d *ledger.Draft, doc *payoutScheduleDoc, on Action, g Guard) error {
	m, err := payoutScheduleMachine().Move(&doc.State, payoutScheduleID(doc.Merchant, doc.Currency), on, g)
	if err != nil {
		return err
	}
	doc.UpdatedAt = d.Now()
	return s.w.write(&d.Change, d.Now(), doc, m)
}

// payOut makes the payout of a schedule that is due, in the Change that moves the schedule on, so
// that each is made once. A time that was missed is not made up for.
func (s *Payouts) payOut(ctx context.Context, id string) error {
	var failure error
	for range 3 { // the balance may move between the verb's look at it and the commit
		failure = s.payOutOnce(ctx, id)
		if !errors.Is(failure, WithdrawalExceedsWithdrawable) {
			break
		}
	}
	var refused *Error
	if !errors.As(failure, &refused) || refused.Code == ServiceBusy || refused.Code == NotFound {
		return failure
	}
	return s.due(ctx, id, func(d *ledger.Draft, doc *payoutScheduleDoc) error {
		doc.LastFailure = refusedFor(refused.Code, d.Now())
		return s.writeSchedule(d, doc, runSchedule, payoutRefused)
	})
}

func (s *Payouts) payOutOnce(ctx context.Context, id string) error {
	var placed *placing
	err := s.due(ctx, id, func(d *ledger.Draft, doc *payoutScheduleDoc) error {
		m := &Merchant{}
		if err := draftGet(d, "merchant", string(doc.Merchant), m); err != nil {
			return err
		}
		o := owner{merchant: doc.Merchant}
		c, err := s.conditions(ctx, o, m, doc.Currency, doc.Minor)
		if err != nil {
			return err
		}
		doc.LastFailure = nil
		if c.Most.IsZero() {
			return s.writeSchedule(d, doc, runSchedule, nothingToPay)
		}
		in := outgoingRequest{owner: o, amount: c.Most, destination: doc.Destination, reserve: doc.Minor}
		if placed == nil || placed.in != in {
			placed = s.placing(in)
		}
		if err := placed.place(ctx, d); err != nil {
			return err
		}
		doc.LastPayout = PayoutID(d.Result)
		return s.writeSchedule(d, doc, runSchedule, payoutMade)
	})
	if placed == nil {
		return err
	}
	return placed.refusal(err)
}

// due runs a verb of the program on a schedule that is due, and moves it on.
func (s *Payouts) due(ctx context.Context, id string, fn func(*ledger.Draft, *payoutScheduleDoc) error) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "payout_schedule.run"}, func(d *ledger.Draft) error {
		doc := &payoutScheduleDoc{}
		if err := draftGet(d, "payout_schedule", id, doc); err != nil {
			return err
		}
		if doc.State != PayoutScheduleActive || doc.NextAt.After(d.Now()) {
			return ErrNothingDue
		}
		doc.NextAt = doc.next(d.Now(), s.w.cfg.Zone)
		return fn(d, doc)
	})
	return translate(err)
}
