package merchant

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// PayoutScheduleState is where a payout schedule is in its life.
type PayoutScheduleState string

const (
	// PayoutScheduleActive makes payouts.
	PayoutScheduleActive PayoutScheduleState = "active"
	// PayoutScheduleRemoved makes none; it may be set again.
	PayoutScheduleRemoved PayoutScheduleState = "removed"
)

// SchedulePeriod is how often a payout schedule is due.
type SchedulePeriod string

// The periods.
const (
	EveryDay  SchedulePeriod = "day"
	EveryWeek SchedulePeriod = "week"
)

// PayoutSchedule pays out the whole available balance in one currency above a reserve, as far
// as limits allow. Days and hours are those of the service's clock on the wall.
type PayoutSchedule struct {
	Merchant    MerchantID          `json:"merchant"`
	Currency    string              `json:"currency"`
	State       PayoutScheduleState `json:"state"`
	Every       SchedulePeriod      `json:"every"`
	Weekday     time.Weekday        `json:"weekday"` // for EveryWeek
	Hour        int                 `json:"hour"`    // 0 to 23
	Reserve     money.Amount        `json:"reserve"` // what stays
	Destination DestinationID       `json:"destination"`
	NextAt      time.Time           `json:"next_at"`
	LastPayout  PayoutID            `json:"last_payout,omitempty"`
	LastFailure *Refused            `json:"last_failure,omitempty"` // why the last payout could not be asked for
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
	Sequence    int64               `json:"sequence"` // counts the schedule's events

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodePayoutSchedule(data []byte, currencies *money.Registry) (PayoutSchedule, error) {
	r := reader{currencies: currencies}
	var w struct {
		PayoutSchedule
		Reserve *wireAmount `json:"reserve"`
	}
	r.object(data, &w)
	s := w.PayoutSchedule
	r.need("currency", s.Currency, "state", string(s.State), "every", string(s.Every))
	s.Reserve = r.amount("reserve", w.Reserve)
	r.needTime("created_at", s.CreatedAt)
	return result(&r, s)
}

// SetPayoutSchedule is the input of Payouts.SetSchedule.
type SetPayoutSchedule struct {
	Currency    string // code, such as "CNY"
	Every       SchedulePeriod
	Weekday     time.Weekday  // for EveryWeek; for EveryDay zero
	Hour        int           // 0 to 23
	Reserve     money.Amount  // what stays; the zero Amount means nothing
	Destination DestinationID // one that is verified
	Key         string        // makes the call safe to repeat; empty means a new one
}

type setScheduleBody struct {
	Currency    string         `json:"currency"`
	Every       SchedulePeriod `json:"every"`
	Weekday     time.Weekday   `json:"weekday,omitempty"`
	Hour        int            `json:"hour"`
	Reserve     *money.Amount  `json:"reserve,omitempty"`
	Destination DestinationID  `json:"destination"`
}

// SetSchedule sets the payout schedule for a currency, in place of the one before. Codes:
// CodeInvalidRequest, CodeCurrencyNotSupported, CodeDestinationInvalid, CodeDestinationClosed,
// CodeDestinationBlocked, CodeDestinationNameMismatch, CodeIdempotencyKeyReused.
func (s *PayoutService) SetSchedule(ctx context.Context, in SetPayoutSchedule) (PayoutSchedule, error) {
	const operation = "payouts.set_schedule"
	if err := checkText("currency", in.Currency, "every", string(in.Every), "destination", string(in.Destination)); err != nil {
		return PayoutSchedule{}, refuse(operation, in.Key, err)
	}
	body := setScheduleBody{Currency: in.Currency, Every: in.Every, Weekday: in.Weekday, Hour: in.Hour, Destination: in.Destination}
	if !in.Reserve.Currency().IsZero() {
		body.Reserve = &in.Reserve
	}
	out, replayed, err := post(ctx, s.client, operation, "/payout_schedules", in.Key, body, decodePayoutSchedule)
	out.Replayed = replayed
	return out, err
}

// Schedule returns the payout schedule for a currency, also one that was removed. Codes:
// CodeNotFound.
func (s *PayoutService) Schedule(ctx context.Context, currency string) (PayoutSchedule, error) {
	const operation = "payouts.schedule"
	if err := checkID("currency", currency); err != nil {
		return PayoutSchedule{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("payout_schedules", currency), nil, decodePayoutSchedule)
}

// RemovePayoutSchedule is the input of Payouts.RemoveSchedule.
type RemovePayoutSchedule struct {
	Currency string
	Key      string // makes the call safe to repeat; empty means a new one
}

// RemoveSchedule ends a schedule. Codes: CodeNotFound, CodeInvalidState when it was removed
// already, CodeIdempotencyKeyReused.
func (s *PayoutService) RemoveSchedule(ctx context.Context, in RemovePayoutSchedule) (PayoutSchedule, error) {
	const operation = "payouts.remove_schedule"
	if err := checkID("currency", in.Currency); err != nil {
		return PayoutSchedule{}, refuse(operation, in.Key, err)
	}
	out, replayed, err := post(ctx, s.client, operation, place("payout_schedules", in.Currency, "remove"), in.Key, struct{}{}, decodePayoutSchedule)
	out.Replayed = replayed
	return out, err
}
