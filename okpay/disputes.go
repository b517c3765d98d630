package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Disputes is the service for disputes.
type Disputes struct{ w *Wallet }

// OpenDispute is the input of Disputes.Open.
type OpenDispute struct {
	Customer CustomerID // who paid
	Payment  PaymentID
	Kind     DisputeKind
	Text     string // what happened, in the customer's words, at most 2,000 bytes
	Key      string // makes the call safe to repeat
}

// Open reports a payment. What the merchant, or each of those whom it was divided among, has of
// it, up to what was captured and not refunded, is reserved, and refunds are refused until it is decided.
//
// Errors, the first that applies: InvalidRequest; NotFound for the payment, also for another
// customer's; AlreadyDisputed, whatever became of the first report; InvalidState for a payment
// that is not captured, is refunded whole, or was captured Config.DisputeWindow ago or earlier;
// AccountClosed for a customer who has left, ServiceBusy in the moment of closing;
// IdempotencyKeyReused.
func (s *Disputes) Open(ctx context.Context, in OpenDispute) (Dispute, error) {
	switch in.Kind {
	case Unauthorized, NotReceived, NotAsDescribed, Duplicate, OtherDispute:
	default:
		return Dispute{}, InvalidField("kind", "is not one of the constants")
	}
	if err := CheckText("text", in.Text, 2000); err != nil {
		return Dispute{}, err
	}
	v := verb{"c/" + string(in.Customer), "dispute.open", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)}, {Name: "kind", Value: string(in.Kind)}, {Name: "text", Value: in.Text},
	}}
	return s.run(ctx, v, "", func(d *ledger.Draft) error {
		p, err := s.w.Payments.load(d, in.Payment)
		switch {
		case err != nil:
			return err
		case p.Customer != in.Customer:
			return notFound("payment", string(in.Payment))
		case p.Reported != "":
			e := NewError(AlreadyDisputed, "")
			e.Object = string(p.Reported)
			return e
		case p.Minor.Captured == 0 || p.refundable() == 0 || paymentMachine().Allows(p.State, capture):
			return p.invalidState("dispute")
		case d.Now().Sub(p.CapturedAt) >= s.w.cfg.DisputeWindow:
			e := NewError(InvalidState, "the payment was captured %v ago or earlier", s.w.cfg.DisputeWindow)
			e.Object = string(p.ID)
			return e
		}
		if err := s.w.arriving(d, p.Customer); err != nil {
			return err
		}
		// A merchant who has left can be reported; one who is about to leave, in a moment.
		if _, err := s.w.openMerchant(d, p.Merchant); err != nil && CodeOf(err) != AccountClosed {
			return err
		}
		y := &disputeDoc{Currency: p.Currency, Minor: p.refundable()}
		y.Dispute = Dispute{
			ID: DisputeID(s.w.newID("dsp_")), Payment: p.ID, Customer: p.Customer, Merchant: p.Merchant, Kind: in.Kind,
			EvidenceBy: d.Now().Add(s.w.cfg.EvidenceWindow), CreatedAt: d.Now(),
		}
		if in.Text != "" {
			y.Evidence = []Evidence{{From: PartyPayer, Text: in.Text, At: d.Now()}}
		}
		fresh(d, "dispute", string(y.ID))
		c := p.amountOf(s.w, 0).Currency()
		parts, err := p.last(y.Minor, c)
		if err != nil {
			return err
		}
		var reserve []ledger.Posting
		for i, m := range p.partiesOf() {
			if parts[i] > 0 {
				reserve = append(reserve, ledger.Posting{
					Debit: merchantAccount(m), Credit: disputeReserve, Amount: money.New(parts[i], c), UpTo: ledger.UpToDebit,
				})
			}
		}
		d.Post(s.transaction(y, reserve...))
		p.Disputed, p.Reported, p.Minor.Disputed = y.ID, y.ID, y.Minor
		if err := s.w.write(&d.Change, d.Now(), p); err != nil {
			return err
		}
		return s.move(d, y, openDispute, Always)
	})
}

// transaction is one of a dispute's.
func (s *Disputes) transaction(y *disputeDoc, postings ...ledger.Posting) ledger.Transaction {
	return ledger.Transaction{Reference: string(y.ID), Metadata: kind("dispute"), Postings: postings}
}

// move writes a dispute's next state.
func (s *Disputes) move(d *ledger.Draft, y *disputeDoc, on Action, g Guard) error {
	m, err := disputeMachine().Move(&y.State, string(y.ID), on, g)
	if err != nil {
		return err
	}
	y.UpdatedAt = d.Now()
	return s.w.write(&d.Change, d.Now(), y, m)
}

// DecideDispute is the input of the operators' verbs.
type DecideDispute struct {
	Dispute DisputeID
	By      string // the operator, at most 64 letters, digits, '_' and '-'
	Reason  string // a code of the same form; may be empty
	Key     string // makes the call safe to repeat
}

func (in *DecideDispute) verb(operation string) (verb, error) {
	if err := CheckID("by", in.By); err != nil {
		return verb{}, err
	}
	if in.Reason != "" {
		if err := CheckID("reason", in.Reason); err != nil {
			return verb{}, err
		}
	}
	return verb{"op/" + in.By, operation, in.Key, []ledger.Field{
		{Name: "dispute", Value: string(in.Dispute)}, {Name: "reason", Value: in.Reason},
	}}, nil
}

// CreditProvisionally pays the customer before the decision. Errors: InvalidRequest, NotFound,
// InvalidState unless the report is of the kind Unauthorized, under review and not credited
// yet, IdempotencyKeyReused.
func (s *Disputes) CreditProvisionally(ctx context.Context, in DecideDispute) (Dispute, error) {
	v, err := in.verb("dispute.provisional_credit")
	if err != nil {
		return Dispute{}, err
	}
	return s.run(ctx, v, in.Dispute, func(d *ledger.Draft) error {
		y, amount, err := s.load(d, in.Dispute)
		if err != nil {
			return err
		}
		if y.Kind != Unauthorized {
			return disputeMachine().Refuse(y.State, string(y.ID), creditProvisional)
		}
		was := y.credit()
		y.Provisional, y.By = true, in.By
		d.Post(s.transaction(y, ledger.Posting{Debit: provisionalCredits, Credit: customerAccount(y.Customer), Amount: amount}))
		return s.move(d, y, creditProvisional, was)
	})
}

// ResolveForPayer gives the money back to the customer: out of the reserve, and what was not
// reserved is owed by the merchant, or by each of those whom the payment was divided among. Errors: InvalidRequest, NotFound, InvalidState,
// IdempotencyKeyReused.
func (s *Disputes) ResolveForPayer(ctx context.Context, in DecideDispute) (Dispute, error) {
	return s.decide(ctx, in, resolveForPayer)
}

// ResolveForMerchant gives the reserve back to the merchant. What the customer was credited
// with is taken back; what is not there any more is owed by the customer. Errors:
// InvalidRequest, NotFound, InvalidState, IdempotencyKeyReused.
func (s *Disputes) ResolveForMerchant(ctx context.Context, in DecideDispute) (Dispute, error) {
	return s.decide(ctx, in, resolveForMerchant)
}

func (s *Disputes) decide(ctx context.Context, in DecideDispute, on Action) (Dispute, error) {
	v, err := in.verb("dispute." + string(on))
	if err != nil {
		return Dispute{}, err
	}
	return s.run(ctx, v, in.Dispute, func(d *ledger.Draft) error {
		y, amount, err := s.load(d, in.Dispute)
		if err != nil {
			return err
		}
		y.By, y.Reason = in.By, in.Reason
		return s.settle(d, y, amount, on)
	})
}

// settle posts what a decision means and writes it.
func (s *Disputes) settle(d *ledger.Draft, y *disputeDoc, amount money.Amount, on Action) error {
	if !disputeMachine().Allows(y.State, on) {
		return disputeMachine().Refuse(y.State, string(y.ID), on)
	}
	p, err := s.w.Payments.load(d, y.Payment)
	if err != nil {
		return err
	}
	c := amount.Currency()
	parts, err := p.last(y.Minor, c)
	if err != nil {
		return err
	}
	reserved, err := s.reserved(d.Context(), y)
	if err != nil {
		return err
	}
	var postings, owed []ledger.Posting
	back := int64(0)
	for i, m := range p.partiesOf() {
		had := reserved[merchantAccount(m)]
		back += had
		if on == resolveForPayer {
			owed = append(owed, ledger.Posting{Debit: merchantDebt(m), Credit: y.payee(), Amount: money.New(parts[i]-had, c)})
		} else {
			postings = append(postings, ledger.Posting{Debit: disputeReserve, Credit: merchantAccount(m), Amount: money.New(had, c)})
		}
	}
	if on == resolveForPayer {
		postings = append(postings, ledger.Posting{Debit: disputeReserve, Credit: y.payee(), Amount: money.New(back, c)})
		d.Post(s.transaction(y, append(postings, owed...)...))
		if err := s.free(d, p, y.Minor); err != nil {
			return err
		}
		return s.move(d, y, on, y.credit())
	}
	if y.Provisional {
		postings = append(postings, collect(string(y.ID), customerAccount(y.Customer), customerDebt(y.Customer), provisionalCredits, amount)...)
	}
	d.Post(s.transaction(y, postings...))
	if err := s.free(d, p, 0); err != nil {
		return err
	}
	return s.move(d, y, on, y.credit())
}

// payee is the account of who gets the money that the payer is given back.
func (y *disputeDoc) payee() string {
	if y.Provisional {
		return provisionalCredits
	}
	return customerAccount(y.Customer)
}

// free lets the merchant refund the payment again, but for what the dispute has given back.
func (s *Disputes) free(d *ledger.Draft, p *paymentDoc, given int64) error {
	p.Disputed, p.Minor.Disputed = "", given
	return s.w.write(&d.Change, d.Now(), p)
}

// collect takes an amount from somebody: what is there, and the rest as a debt. It passes
// through an account of the object's own, so that the kernel decides how much is which.
func collect(object, from, debt, to string, amount money.Amount) []ledger.Posting {
	transit := "transit:" + object
	return []ledger.Posting{
		{Debit: transit, Credit: to, Amount: amount},
		{Debit: from, Credit: transit, Amount: amount, UpTo: ledger.UpToDebit},
		{Debit: debt, Credit: transit, Amount: amount, UpTo: ledger.UpToCredit},
	}
}

// reserved is how much could be reserved when the dispute was opened, by account and in minor
// units.
func (s *Disputes) reserved(ctx context.Context, y *disputeDoc) (map[string]int64, error) {
	page, err := s.w.ledger.Transactions(ctx, ledger.TransactionQuery{Reference: string(y.ID)})
	if err != nil {
		return nil, err
	}
	of := map[string]int64{}
	for _, t := range page.Transactions {
		for _, p := range t.Postings {
			if p.Credit == disputeReserve {
				of[p.Debit] += p.Amount.Minor()
			}
		}
	}
	return of, nil
}

// AddEvidence is the input of Disputes.AddEvidence.
type AddEvidence struct {
	Dispute  DisputeID
	From     Party
	Customer CustomerID // who adds it, if From is the payer
	Merchant MerchantID // who adds it, if From is the merchant
	Text     string     // at most 2,000 bytes
	Document string     // an opaque reference, at most 128 bytes
	Key      string     // makes the call safe to repeat
}

// maxEvidence bounds how much a dispute takes.
const maxEvidence = 50

// AddEvidence records what a party has to say. Errors: InvalidRequest; NotFound, also for
// another party's dispute; InvalidState once it is decided, once Dispute.EvidenceBy is over, or
// when there are 50 already; IdempotencyKeyReused.
func (s *Disputes) AddEvidence(ctx context.Context, in AddEvidence) (Dispute, error) {
	principal := "c/" + string(in.Customer)
	switch in.From {
	case PartyPayer:
	case PartyMerchant:
		principal = "m/" + string(in.Merchant)
	default:
		return Dispute{}, InvalidField("from", "is neither payer nor merchant")
	}
	if in.Text == "" && in.Document == "" {
		return Dispute{}, InvalidField("text", "is empty, and there is no document")
	}
	if err := CheckText("text", in.Text, 2000); err != nil {
		return Dispute{}, err
	}
	if err := CheckText("document", in.Document, 128); err != nil {
		return Dispute{}, err
	}
	v := verb{principal, "dispute.evidence", in.Key, []ledger.Field{
		{Name: "dispute", Value: string(in.Dispute)}, {Name: "text", Value: in.Text}, {Name: "document", Value: in.Document},
	}}
	return s.run(ctx, v, in.Dispute, func(d *ledger.Draft) error {
		y, _, err := s.load(d, in.Dispute)
		switch {
		case err != nil:
			return err
		case in.From == PartyPayer && y.Customer != in.Customer, in.From == PartyMerchant && y.Merchant != in.Merchant:
			return notFound("dispute", string(in.Dispute))
		case !d.Now().Before(y.EvidenceBy) || len(y.Evidence) >= maxEvidence:
			return disputeMachine().Refuse(y.State, string(y.ID), addEvidence)
		}
		y.Evidence = append(y.Evidence, Evidence{From: in.From, Text: in.Text, Document: in.Document, At: d.Now()})
		return s.move(d, y, addEvidence, Always)
	})
}

// WithdrawDispute is the input of Disputes.Withdraw.
type WithdrawDispute struct {
	Customer CustomerID // who opened it
	Dispute  DisputeID
	Key      string // makes the call safe to repeat
}

// Withdraw takes a report back, with the consequences of ResolveForMerchant. Errors: NotFound,
// also for another customer's; InvalidState, IdempotencyKeyReused.
func (s *Disputes) Withdraw(ctx context.Context, in WithdrawDispute) (Dispute, error) {
	v := verb{"c/" + string(in.Customer), "dispute.withdraw", in.Key, []ledger.Field{{Name: "dispute", Value: string(in.Dispute)}}}
	return s.run(ctx, v, in.Dispute, func(d *ledger.Draft) error {
		y, amount, err := s.load(d, in.Dispute)
		if err == nil && y.Customer != in.Customer {
			err = notFound("dispute", string(in.Dispute))
		}
		if err != nil {
			return err
		}
		return s.settle(d, y, amount, withdrawDispute)
	})
}

// Get returns a dispute. Errors: NotFound.
func (s *Disputes) Get(ctx context.Context, id DisputeID) (Dispute, error) {
	var doc disputeDoc
	if err := s.w.get(ctx, "dispute", string(id), &doc); err != nil {
		return Dispute{}, translate(err)
	}
	if err := showing(ctx, "dispute", string(id), doc.Customer); err != nil {
		return Dispute{}, err
	}
	return s.w.dispute(&doc)
}

// GetOwned returns a dispute of a merchant's payment. Errors: NotFound, also for another
// merchant's.
func (s *Disputes) GetOwned(ctx context.Context, merchant MerchantID, id DisputeID) (Dispute, error) {
	y, err := s.Get(ctx, id)
	if err == nil && y.Merchant != merchant {
		return Dispute{}, notFound("dispute", string(id))
	}
	return y, err
}

// ListDisputes is the input of Disputes.List. Exactly one of the first three is set.
type ListDisputes struct {
	Customer CustomerID
	Merchant MerchantID
	State    DisputeState
	After    DisputeID // continue after this one
	Limit    int       // 1 to 100, 20 unless told
}

// List returns disputes, the newest first, and whether there are more. Errors:
// InvalidRequest.
func (s *Disputes) List(ctx context.Context, in ListDisputes) (page []Dispute, more bool, err error) {
	if err := disputeMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	var label string
	for prefix, id := range map[string]string{"c:": string(in.Customer), "m:": string(in.Merchant), "s:": string(in.State)} {
		switch {
		case id != "" && label != "":
			return nil, false, InvalidField("customer", "more than one of customer, merchant and state is set")
		case id != "":
			label = prefix + id
		}
	}
	if label == "" {
		return nil, false, InvalidField("customer", "one of customer, merchant and state must be set")
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	return listed(ctx, s.w, ledger.RecordQuery{Type: "dispute", Label: label, After: string(in.After), Limit: in.Limit}, s.w.dispute)
}

// run runs a verb and returns the dispute as it is afterwards.
func (s *Disputes) run(ctx context.Context, v verb, id DisputeID, fn func(*ledger.Draft) error) (Dispute, error) {
	out, err := s.w.do(ctx, v, fn)
	if err != nil {
		return Dispute{}, translate(err)
	}
	if out.Result != "" {
		id = DisputeID(out.Result)
	}
	y, err := s.Get(ctx, id)
	y.Replayed = out.Replayed
	return y, err
}

func (s *Disputes) load(d *ledger.Draft, id DisputeID) (*disputeDoc, money.Amount, error) {
	y := &disputeDoc{}
	if err := draftGet(d, "dispute", string(id), y); err != nil {
		return nil, money.Amount{}, err
	}
	amount, err := s.w.restore(y.Minor, y.Currency)
	return y, amount, err
}

// Windows of disputes unless Config says otherwise.
const (
	defaultDisputeWindow  = 120 * 24 * time.Hour
	defaultEvidenceWindow = 14 * 24 * time.Hour
)
