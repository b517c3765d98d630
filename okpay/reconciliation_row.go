package okpay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// The kinds of exceptions that statements raise. Those about amounts, and about what was
// never ordered, have the same kinds as when a provider says so.
const (
	missingHere       = "missing_here"       // the row names nothing that the wallet knows
	missingThere      = "missing_there"      // no statement settles what should have been settled by now
	troubleCurrency   = "currency_mismatch"  // another currency moved
	troubleDirection  = "direction_mismatch" // money went the other way
	troubleTwice      = "settled_twice"      // it moved once more
	troubleTakenBack  = "payment_taken_back" // a source took back what had paid a payment
	troubleNotAllowed = "not_possible"       // the object, or an account, does not take what the row says
)

const settleRow Action = "settle_row"

// statementRow is a row of a statement that is being imported.
type statementRow struct {
	rails.Row
	provider string
	file     string // its SHA-256
	rec      ReconciliationID
}

// event is the id under which a row is heard as the provider's answer.
func (r *statementRow) event() string { return "file:" + r.file + ":" + strconv.Itoa(r.No) }

// settledBy is what a row settles.
func (r *statementRow) settledBy(d *ledger.Draft) *settledBy {
	return &settledBy{Settled: d.Now(), File: r.file, Row: r.No, Other: r.Other}
}

// row works on a row, once: however often it is called for a row of a file, in any number of
// processes, the answer is the first one.
func (s *Reconciliations) row(ctx context.Context, r statementRow) (verdict, error) {
	v := verb{"program", "reconciliation.row", r.file + ":" + strconv.Itoa(r.No), []ledger.Field{{Name: "provider", Value: r.provider}}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		got, err := s.match(d, r)
		d.Result = string(got)
		return err
	})
	var refused *ledger.RefusedError
	switch {
	case err == nil:
		return verdict(out.Result), nil
	case errors.As(err, &refused) && out.Seq > 0:
		return rowMismatch, nil // what otherwise commits did
	}
	return "", err
}

// match finds what a row is about, and writes what it means.
func (s *Reconciliations) match(d *ledger.Draft, r statementRow) (verdict, error) {
	if waits, err := s.waits(d, r); err != nil || waits {
		return rowDuplicate, err
	}
	reference, several := r.Reference, false
	if !ours(reference) && r.Other != "" {
		known, err := s.w.learned(d, r.provider, r.Other)
		if err != nil {
			return "", err
		}
		if reference = known.Object; known.Several {
			reference, several = "", true
		}
	}
	x, err := s.w.find(d, reference)
	if err != nil {
		return "", err
	}
	if x == nil {
		detail := "the statement has money that the wallet knows nothing of"
		if several {
			detail = "the statement has money whose name at the bank is that of several objects"
		}
		return rowMissingHere, s.suspend(d, &d.Change, r, plain(r.Reference), missingHere, detail)
	}
	if x.provider() != r.provider {
		return rowMismatch, s.suspend(d, &d.Change, r, x.record().ID, troubleProvider, "the statement is of another provider than the object's")
	}
	back := r.Returned
	if (r.Direction == x.way()) == back {
		return rowMismatch, s.disagree(d, x, r, troubleDirection, fmt.Sprintf("the money went %s", r.Direction))
	}
	at := &x.movements().There
	if back {
		at = &x.movements().Back
	}
	expected, known, err := x.expects(s.w, back)
	if err != nil {
		return "", err
	}
	agrees := !known || r.Amount == expected
	if *at != nil {
		if agrees && (*at).same(r) {
			return rowDuplicate, nil
		}
		return rowMismatch, s.suspend(d, &d.Change, r, x.record().ID, troubleTwice, "the money moved once more than it should have")
	}
	if !agrees {
		trouble := troubleAmount
		if r.Amount.Currency() != expected.Currency() {
			trouble = troubleCurrency
		}
		return rowMismatch, s.disagree(d, x, r, trouble, fmt.Sprintf("%s moved, the wallet has %s", r.Amount, expected))
	}
	return s.settleBy(d, x, at, back, r)
}

// waiting is the record of a row whose money waits for a person, so that it does not wait twice when
// another file has the row too.
type waiting struct {
	File string `json:"file"`
}

// mark names a row in whatever file it stands. It is empty for one that could as well be
// another movement: without the bank's name for it, or at least a reference and a date.
func (r *statementRow) mark() string {
	if r.Other == "" && (r.Reference == "" || r.BookedAt.IsZero()) {
		return ""
	}
	named := []any{r.provider, r.Direction, r.Amount.String(), r.Reference, r.Other, r.Returned}
	if r.Other == "" {
		named = append(named, r.BookedAt.UTC())
	}
	sum := sha256.Sum256(encode(named))
	return hex.EncodeToString(sum[:])
}

// waits reports whether a row's money waits for a person, or did, because of another file.
func (s *Reconciliations) waits(d *ledger.Draft, r statementRow) (bool, error) {
	mark := r.mark()
	if mark == "" {
		return false, nil
	}
	var before waiting
	err := draftGet(d, "statement_row", mark, &before)
	if CodeOf(err) == NotFound {
		return false, nil
	}
	return err == nil && before.File != r.file, err
}

// same reports whether a row is the one that settled, seen again. Its bank's name for it tells; without one,
// a row of another file is taken for the same, and one of the same file is not: a
// file has each movement once.
func (b *settledBy) same(r statementRow) bool {
	if b.File == r.file && b.Row == r.No {
		return true
	}
	if b.Other != "" && r.Other != "" {
		return b.Other == r.Other
	}
	return b.File != r.file
}

// settleBy writes that a row settles one of an object's movements.
func (s *Reconciliations) settleBy(d *ledger.Draft, x outside, at **settledBy, back bool, r statementRow) (verdict, error) {
	st := &bankEntryDoc{BankEntry: BankEntry{
		ID: BankEntryID(s.w.newID("be_")), Provider: r.provider, Object: x.record().ID, Direction: r.Direction.String(),
		Reconciliation: r.rec, Row: r.No, BookedAt: r.BookedAt, CreatedAt: d.Now(),
	}}
	*at = r.settledBy(d)
	(*at).Entry = st.ID
	asked := !x.movements().Asked.IsZero()
	before := d.Change
	refused, v, err := x.hear(d, s.w, back, r)
	var own *Error
	if errors.As(err, &own) && own.Code != ServiceBusy {
		// Its state does not allow it, and the money has moved all the same.
		d.Ops, d.Puts, d.Events, d.Else = before.Ops, before.Puts, before.Events, nil
		return rowMismatch, s.suspend(d, &d.Change, r, x.record().ID, troubleNotAllowed, "the object can not take what the row says")
	}
	if err != nil {
		return "", err
	}
	if refused != "" {
		*at = nil
		return rowMismatch, s.disagree(d, x, r, refused, "the statement has money of what was never ordered")
	}
	if asked {
		if err := s.w.resolveAbout(d, st.Object, statementCame, Always, func(e *exceptionDoc) bool { return e.Kind == missingThere }); err != nil {
			return "", err
		}
	}
	if err := s.book(d, st, x.clearing(), r.Row); err != nil {
		return "", err
	}
	// Should an account refuse it, the money has moved all the same.
	otherwise := d.Otherwise(
		ledger.InsufficientFunds, ledger.LimitExceeded, ledger.BalanceOverflow, ledger.AccountFrozen, ledger.AccountClosed,
		ledger.HoldUnknown, ledger.HoldCaptured, ledger.HoldVoided, ledger.HoldExpired, ledger.HoldExceeded,
	)
	return v, s.suspend(d, otherwise, r, st.Object, troubleNotAllowed, "an account of the wallet refuses what the row would post")
}

// disagree suspends a row of an object that it does not agree with, and asks about that object
// no more.
func (s *Reconciliations) disagree(d *ledger.Draft, x outside, r statementRow, kind, detail string) error {
	if err := s.suspend(d, &d.Change, r, x.record().ID, kind, detail); err != nil {
		return err
	}
	m := x.movements()
	if _, moved := x.lastMoved(); !m.open(moved) || !m.Asked.IsZero() {
		return nil
	}
	m.Asked = d.Now()
	return s.w.write(&d.Change, d.Now(), x)
}

// suspend writes money that moved and settles nothing: it waits for a person.
func (s *Reconciliations) suspend(d *ledger.Draft, c *ledger.Change, r statementRow, object, kind, detail string) error {
	e := &exceptionDoc{Exception: Exception{
		Kind: kind, Provider: r.provider, Object: object, Detail: detail, Suspended: r.Direction.String(),
		Reconciliation: r.rec, Row: r.No,
	}}
	if err := s.w.raiseAs(c, d.Now(), e, r.Amount); err != nil {
		return err
	}
	c.Ops = append(c.Ops, throughBank(r.Row, suspenseAccount(r.provider), string(e.ID)))
	if mark := r.mark(); mark != "" {
		c.Puts = append(c.Puts, ledger.Put{Type: "statement_row", ID: mark, Chaining: ledger.Plain, Content: encode(waiting{r.file})})
	}
	return nil
}

// throughBank is what a row moves on the operator's bank account, with what it cost.
func throughBank(r rails.Row, other, reference string) ledger.Transaction {
	return bankTransaction(r.Direction, r.Amount, r.Cost, other, reference)
}

func bankTransaction(way rails.Direction, amount, cost money.Amount, other, reference string) ledger.Transaction {
	p := ledger.Posting{Debit: nostro, Credit: other, Amount: amount}
	if way == rails.Out {
		p.Debit, p.Credit = p.Credit, p.Debit
	}
	t := ledger.Transaction{Reference: reference, Metadata: kind("settlement"), Postings: []ledger.Posting{p}}
	if cost.IsPositive() {
		t.Postings = append(t.Postings, ledger.Posting{Debit: providerCost, Credit: nostro, Amount: cost})
	}
	return t
}
