package ledger

import "time"

// Outcome is what became of a Change.
type Outcome struct {
	ID   string
	Seq  int64     // the block that holds it
	Time time.Time // that block's time

	// Replayed is set when the id had been used before and this is the first outcome.
	Replayed bool

	// Alternative is set when the Change was refused and its Else committed.
	Alternative bool

	// First is the number of the first transaction, Transactions how many there are, in the
	// order of Change.Ops; captures and reversals count. A transaction's number is that of
	// its first posting, so the second one's follows the last posting of the first.
	First        int64
	Transactions int

	// Result is the Change's, empty when nothing but the refusal was recorded.
	Result string

	// Refusal is set when the Change was refused (or recorded a refusal of its own); then
	// the call returned it as a *RefusedError.
	Refusal *Refusal
}

// err is the error that goes with the outcome.
func (o *Outcome) err() error {
	if o.Refusal == nil {
		return nil
	}
	return &RefusedError{Refusal: *o.Refusal}
}

const (
	outcomeAlternative = 1 << iota
	outcomeRefusal
)

// appendOutcome encodes all but ID, Seq and Replayed.
func appendOutcome(b []byte, o *Outcome) []byte {
	var flags byte
	if o.Alternative {
		flags |= outcomeAlternative
	}
	if o.Refusal != nil {
		flags |= outcomeRefusal
	}
	b = append(b, flags)
	b = appendInt(b, o.Time.UnixMicro())
	b = appendUint(b, uint64(o.First))
	b = appendUint(b, uint64(o.Transactions))
	b = appendText(b, o.Result)
	if r := o.Refusal; r != nil {
		b = appendText(b, string(r.Reason))
		b = appendText(b, r.Account.Name)
		b = appendText(b, r.Account.Currency)
		b = appendInt(b, r.Short)
		b = appendText(b, r.Hold)
		b = appendUint(b, uint64(r.Transaction))
		b = appendText(b, r.Detail)
	}
	return b
}

// outcome decodes what a ChangeRow keeps.
func (r *ChangeRow) outcome() (Outcome, error) {
	d := &decoder{rest: r.Outcome}
	flags := d.byte()
	if flags > outcomeAlternative|outcomeRefusal {
		d.fail("outcome")
	}
	o := Outcome{
		ID: r.ID, Seq: r.Seq,
		Alternative:  flags&outcomeAlternative != 0,
		Time:         time.UnixMicro(d.int()).UTC(),
		First:        d.number(),
		Transactions: int(d.number()),
		Result:       d.text(),
	}
	if flags&outcomeRefusal != 0 {
		o.Refusal = &Refusal{
			Reason:  Reason(d.text()),
			Account: AccountKey{Name: d.text(), Currency: d.text()},
			Short:   d.int(),
			Hold:    d.text(),

			Transaction: d.number(),
			Detail:      d.text(),
		}
	}
	return o, d.end()
}
