package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// ScreeningID names a screening.
type ScreeningID string

// Screening is a verdict of Config.Risk that no object of its own keeps: of a registration,
// or of what was refused before anything was made. It is for operators alone.
type Screening struct {
	ID         ScreeningID `json:"id"`
	Operation  Operation   `json:"operation"`
	Customer   CustomerID  `json:"customer,omitempty"`
	Merchant   MerchantID  `json:"merchant,omitempty"`
	Amount     string      `json:"amount,omitempty"` // such as "CNY 1.00"
	Assessment Assessment  `json:"assessment"`
	Refused    bool        `json:"refused"` // nothing was made
	CreatedAt  time.Time   `json:"created_at"`
}

// screened adds a screening to a Change.
func (w *Wallet) screened(d *ledger.Draft, about RiskCheck, a Assessment, refused bool) {
	s := Screening{
		ID: ScreeningID(w.newID("scr_")), Operation: about.Operation, Customer: about.Customer, Merchant: about.Merchant,
		Assessment: a, Refused: refused, CreatedAt: d.Now(),
	}
	if !about.Amount.Currency().IsZero() {
		s.Amount = about.Amount.String()
	}
	put := ledger.Put{Type: "screening", ID: string(s.ID), Content: encode(s)}
	if s.Customer != "" {
		put.Labels = append(put.Labels, "c:"+string(s.Customer))
	}
	if s.Merchant != "" {
		put.Labels = append(put.Labels, "m:"+string(s.Merchant))
	}
	d.Put(put)
}

// refuseScreened records that Config.Risk refused what makes no object, and why.
func (w *Wallet) refuseScreened(d *ledger.Draft, code Code, about RiskCheck, a Assessment) {
	w.screened(d, about, a, true)
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(code)})
}

// ScreeningPage asks for the newest screenings, of one customer or merchant if either is
// set, or for those before After.
type ScreeningPage struct {
	Customer CustomerID
	Merchant MerchantID
	After    ScreeningID
	Limit    int // 1 to 100, 20 unless told
}

// Screenings returns verdicts of Config.Risk, the newest first, and whether there are more.
func (w *Wallet) Screenings(ctx context.Context, page ScreeningPage) (list []Screening, more bool, err error) {
	if err := notWithActor(ctx); err != nil {
		return nil, false, err
	}
	label := ""
	switch {
	case page.Customer != "":
		label = "c:" + string(page.Customer)
	case page.Merchant != "":
		label = "m:" + string(page.Merchant)
	}
	records, more, err := w.page(ctx, "screening", label, string(page.After), true, page.Limit)
	for _, r := range records {
		var s Screening
		if err := decodeRecord("screening", r.ID, r, nil, &s); err != nil {
			return nil, false, err
		}
		list = append(list, s)
	}
	return list, more, err
}

// page reads one page of records, and whether there are more.
func (w *Wallet) page(ctx context.Context, noun, label, after string, desc bool, limit int) (records []ledger.Record, more bool, err error) {
	limit = pageSize(limit)
	records, err = w.ledger.Records(ctx, ledger.RecordQuery{Type: noun, Label: label, After: after, Desc: desc, Limit: limit + 1})
	if err != nil {
		return nil, false, translate(err)
	}
	more = len(records) > limit
	return records[:min(limit, len(records))], more, nil
}
