package paths

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/shopspring/decimal"
)

// stage is what ann has: one object of each kind.
type stage struct {
	payment     okpay.PaymentID // of the shop's, for ann to confirm
	dispute     okpay.DisputeID // of another one, which was paid
	disputed    okpay.PaymentID
	paid        okpay.PaymentID
	quote       okpay.QuoteID
	transfer    okpay.TransferID // to somebody who has not claimed it
	asked       okpay.RequestID  // ben asks ann
	asks        okpay.RequestID  // ann asks ben
	withdrawal  okpay.WithdrawalID
	restriction care.RestrictionID // what ben may send her is restricted
	appeal      care.AppealID
	caseID      care.CaseID
}

func (w *world) stage() (s stage) {
	w.t.Helper()
	ctx := w.t.Context()
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(700), Customer: ann})
	require.NoError(w.t, err)
	s.payment = p.ID
	p, err = w.Payments.Create(w.ann, okpay.CreatePayment{Merchant: "shop", Amount: cny(800), Customer: ann, Confirm: true})
	require.NoError(w.t, err)
	s.disputed = p.ID
	paid, err := w.Payments.Create(w.ann, okpay.CreatePayment{Merchant: "shop", Amount: cny(900), Customer: ann, Confirm: true})
	require.NoError(w.t, err)
	s.paid = paid.ID
	d, err := w.Disputes.Open(w.ann, okpay.OpenDispute{Customer: ann, Payment: p.ID, Kind: okpay.NotReceived, Text: "it did not come"})
	require.NoError(w.t, err)
	s.dispute = d.ID
	s.quote = w.quote()
	t, err := w.Transfers.Create(w.ann, okpay.CreateTransfer{From: ann, Email: "nobody@example.com", Amount: cny(300)})
	require.NoError(w.t, err)
	s.transfer = t.ID
	r, err := w.MoneyRequests.Create(w.ben, okpay.CreateMoneyRequest{From: ben, To: ann, Amount: cny(200)})
	require.NoError(w.t, err)
	s.asked = r.ID
	r, err = w.MoneyRequests.Create(w.ann, okpay.CreateMoneyRequest{From: ann, To: ben, Amount: cny(200)})
	require.NoError(w.t, err)
	s.asks = r.ID
	out, err := w.Withdrawals.Request(w.ann, okpay.RequestWithdrawal{
		Customer: ann, Amount: cny(1000), Destination: w.to, Proof: w.proof(w.ann, w.withdraws(1000)).Reveal(),
	})
	require.NoError(w.t, err)
	s.withdrawal = out.ID
	imposed, err := w.c.Restrictions.Impose(ctx, care.ImposeRestriction{
		By: "reviewer", Why: why, Customer: ann, Reason: "unusual_activity", Capabilities: []okpay.Capability{okpay.CanReceive}, PastDue: []okpay.Capability{okpay.CanReceive},
	})
	require.NoError(w.t, err)
	s.restriction = imposed.ID
	a, err := w.c.Appeals.Submit(w.ann, s.appealing())
	require.NoError(w.t, err)
	s.appeal = a.ID
	k, err := w.c.Cases.Open(w.ann, opening())
	require.NoError(w.t, err)
	s.caseID = k.ID
	return s
}

// withdraws says what a proof for a withdrawal of ann's is for.
func (w *world) withdraws(minor int64) identity.StepUpRequest {
	return identity.StepUpRequest{Action: identity.StepUpWithdrawal, Amount: cny(minor), To: string(w.to)}
}

func (s stage) appealing() care.SubmitAppeal {
	return care.SubmitAppeal{
		Customer: ann, Restriction: s.restriction,
		Situation: strings.Repeat("it is a mistake ", 3), Request: strings.Repeat("please look again ", 3),
	}
}

func opening() care.OpenCase {
	return care.OpenCase{Customer: ann, Category: care.GeneralQuestion, Subject: "Help", Text: "please help"}
}

func paper() []care.Evidence {
	return []care.Evidence{{Reference: "up/1", SHA256: strings.Repeat("1", 64), Size: 1000, MediaType: "image/png"}}
}

// anns are the arguments after the context with which ann does what is hers to do: each row of the
// matrix that is a customer's has them. Those whose row names a capability succeed.
func anns() map[string]func(*world, stage) []any {
	one := func(v any) []any { return []any{v} }
	none := func(*world, stage) []any { return nil }
	name, yes := "B. Customer", true
	return map[string]func(*world, stage) []any{
		"okpay.Contacts.Add":     func(*world, stage) []any { return one(okpay.AddContact{Customer: ann, Email: "second@example.com"}) },
		"okpay.Customers.Update": func(*world, stage) []any { return one(okpay.UpdateCustomer{Customer: ann, Name: &name}) },
		"okpay.Destinations.Save": func(*world, stage) []any {
			return one(okpay.SaveDestination{Customer: ann, Type: "bank", Holder: "A", Details: "62220"})
		},
		"okpay.Destinations.Remove": func(w *world, _ stage) []any { return one(okpay.RemoveDestination{Customer: ann, Destination: w.to}) },
		"okpay.Payments.Confirm":    func(_ *world, s stage) []any { return one(okpay.ConfirmPayment{Payment: s.payment, Customer: ann}) },
		"okpay.Payments.Create": func(*world, stage) []any {
			return one(okpay.CreatePayment{Merchant: "shop", Amount: cny(700), Customer: ann, Confirm: true})
		},
		"okpay.Payments.Authenticate": func(w *world, s stage) []any {
			return one(okpay.AuthenticatePayment{Payment: s.payment, Customer: ann, Proof: "no proof"})
		},
		"okpay.Transfers.Create":      func(*world, stage) []any { return one(okpay.CreateTransfer{From: ann, To: ben, Amount: cny(100)}) },
		"okpay.Transfers.Claim":       func(_ *world, s stage) []any { return one(okpay.ClaimTransfer{Customer: ann, Transfer: s.transfer}) },
		"okpay.Transfers.Cancel":      func(_ *world, s stage) []any { return one(okpay.CancelTransfer{Customer: ann, Transfer: s.transfer}) },
		"okpay.MoneyRequests.Create":  func(*world, stage) []any { return one(okpay.CreateMoneyRequest{From: ann, To: ben, Amount: cny(100)}) },
		"okpay.MoneyRequests.Pay":     func(_ *world, s stage) []any { return one(okpay.PayMoneyRequest{Request: s.asked, Customer: ann}) },
		"okpay.MoneyRequests.Decline": func(_ *world, s stage) []any { return one(okpay.MoveMoneyRequest{Request: s.asked, Customer: ann}) },
		"okpay.MoneyRequests.Cancel":  func(_ *world, s stage) []any { return one(okpay.MoveMoneyRequest{Request: s.asks, Customer: ann}) },
		"okpay.Withdrawals.Request": func(w *world, _ stage) []any {
			return one(okpay.RequestWithdrawal{Customer: ann, Amount: cny(500), Destination: w.to, Proof: w.proof(w.ann, w.withdraws(500)).Reveal()})
		},
		"okpay.Withdrawals.Cancel": func(_ *world, s stage) []any {
			return one(okpay.CancelWithdrawal{Customer: ann, Withdrawal: s.withdrawal})
		},
		"okpay.Quotes.Convert": func(_ *world, s stage) []any {
			return one(okpay.Convert{Customer: ann, Quote: s.quote, Amount: usd(100)})
		},
		"okpay.TopUps.Create": func(*world, stage) []any { return one(okpay.CreateTopUp{Customer: ann, Amount: cny(100)}) },
		"okpay.Disputes.Open": func(_ *world, s stage) []any {
			return one(okpay.OpenDispute{Customer: ann, Payment: s.disputed, Kind: okpay.NotReceived})
		},
		"okpay.Disputes.AddEvidence": func(_ *world, s stage) []any {
			return one(okpay.AddEvidence{Dispute: s.dispute, From: okpay.PartyPayer, Customer: ann, Text: "more"})
		},
		"okpay.Disputes.Withdraw": func(_ *world, s stage) []any { return one(okpay.WithdrawDispute{Customer: ann, Dispute: s.dispute}) },

		"identity.LockReason":         func(*world, stage) []any { return one(identity.LockReasonOf{}) },
		"identity.ReportUnauthorised": func(*world, stage) []any { return one(identity.ReportUnauthorised{Text: "not mine"}) },
		"identity.BeginContactChange": func(w *world, _ stage) []any {
			return one(identity.BeginContactChange{Email: "new@example.com", Proof: w.proof(w.ann, identity.StepUpRequest{Action: identity.ChangeContact, To: "new@example.com"})})
		},
		"identity.RemoveContact": func(w *world, _ stage) []any {
			return one(identity.RemoveContact{Contact: w.phone, Proof: w.proof(w.ann, identity.StepUpRequest{Action: identity.ChangeContact, To: string(w.phone)})})
		},
		"identity.SetQuestions": func(w *world, _ stage) []any {
			return one(identity.SetQuestions{
				Answers: map[string]identity.Secret{"school": identity.NewSecret("the old one"), "street": identity.NewSecret("the long one")},
				Proof:   w.proof(w.ann, identity.StepUpRequest{Action: identity.ManageFactor}),
			})
		},
		"identity.ConfirmContactChange": func(w *world, _ stage) []any {
			c, err := w.x.BeginContactChange(w.ann, identity.BeginContactChange{
				Email: "newer@example.com", Proof: w.proof(w.ann, identity.StepUpRequest{Action: identity.ChangeContact, To: "newer@example.com"}),
			})
			require.NoError(w.t, err)
			return one(identity.ConfirmContactChange{ID: c.ID, Code: w.sent(ann, "verification_code", string(c.Verification), "code")})
		},
		"identity.BeginStepUp": func(w *world, _ stage) []any { return one(w.withdraws(1)) },
		"identity.FinishStepUp": func(w *world, _ stage) []any {
			s, err := w.x.BeginStepUp(w.ann, w.withdraws(1))
			require.NoError(w.t, err)
			return one(identity.FinishStepUp{ID: s.ID, Method: identity.ByPassword, Answer: identity.NewSecret(secret)})
		},
		"identity.BeginTOTP": func(w *world, _ stage) []any {
			return one(identity.BeginTOTP{Proof: w.proof(w.ann, identity.StepUpRequest{Action: identity.ManageFactor})})
		},
		"identity.ConfirmTOTP": func(w *world, _ stage) []any { return one(identity.NewSecret(w.code(w.begin()))) },
		"identity.CancelTOTP":  func(w *world, _ stage) []any { w.begin(); return nil },
		"identity.RemoveTOTP": func(w *world, _ stage) []any {
			app := w.enroll()
			return one(w.proofBy(app, identity.StepUpRequest{Action: identity.RemoveSecondFactor}))
		},
		"identity.RenewRecoveryCodes": func(w *world, _ stage) []any {
			app := w.enroll()
			return one(w.proofBy(app, identity.StepUpRequest{Action: identity.ManageFactor}))
		},
		"identity.ChangePassword":      func(*world, stage) []any { return one(changing()) },
		"identity.Devices":             none,
		"identity.Sessions":            func(*world, stage) []any { return []any{identity.SessionID(""), 0} },
		"identity.OpenFactorReset":     none,
		"identity.EndOtherSessions":    none,
		"identity.EndSession":          func(*world, stage) []any { return one(identity.SessionID("ses_another")) },
		"identity.SignOut":             none,
		"identity.RevokeDevice":        func(*world, stage) []any { return one(identity.DeviceID("dev_none")) },
		"identity.ObjectToFactorReset": func(*world, stage) []any { return one("none") },
		"identity.TrustDevice":         func(*world, stage) []any { return one(identity.Client{}) },

		"care.Appeals.Submit": func(_ *world, s stage) []any { return one(s.appealing()) },
		"care.Appeals.Answer": func(_ *world, s stage) []any {
			return one(care.AnswerAppeal{Customer: ann, Appeal: s.appeal, Text: "as I said"})
		},
		"care.Appeals.Withdraw": func(_ *world, s stage) []any { return one(care.MoveAppeal{Customer: ann, Appeal: s.appeal}) },
		"care.Appeals.Nudge":    func(_ *world, s stage) []any { return one(care.MoveAppeal{Customer: ann, Appeal: s.appeal}) },
		"care.Appeals.Get":      func(_ *world, s stage) []any { return []any{ann, s.appeal} },
		"care.Appeals.Mine":     func(*world, stage) []any { return []any{ann, care.AppealID(""), 0} },
		"care.Appeals.Progress": func(_ *world, s stage) []any { return []any{ann, s.appeal} },
		"care.Restrictions.Submit": func(_ *world, s stage) []any {
			return one(care.SubmitRequirement{Customer: ann, Restriction: s.restriction, Requirement: "r1", Documents: paper()})
		},
		"care.Restrictions.Get":      func(_ *world, s stage) []any { return []any{ann, s.restriction} },
		"care.Restrictions.Mine":     func(*world, stage) []any { return []any{ann, care.RestrictionID(""), 0} },
		"care.Restrictions.Progress": func(_ *world, s stage) []any { return []any{ann, s.restriction} },
		"care.Held":                  func(*world, stage) []any { return one(ann) },
		"care.Cases.Open":            func(*world, stage) []any { return one(opening()) },
		"care.Cases.Reply":           func(_ *world, s stage) []any { return one(care.ReplyCase{Customer: ann, Case: s.caseID, Text: "more"}) },
		"care.Cases.Rate":            func(_ *world, s stage) []any { return one(care.RateCase{Customer: ann, Case: s.caseID, Rating: 5}) },
		"care.Cases.Withdraw":        func(_ *world, s stage) []any { return one(care.MoveCase{Customer: ann, Case: s.caseID}) },
		"care.Cases.Get":             func(_ *world, s stage) []any { return []any{ann, s.caseID} },
		"care.Cases.List":            func(*world, stage) []any { return one(care.ListCases{Customer: ann}) },
		"care.Cases.Log":             func(_ *world, s stage) []any { return one(care.ReadLog{Customer: ann, Case: s.caseID}) },
		"care.Cases.File":            func(_ *world, s stage) []any { return []any{ann, s.caseID, "fil_none"} },
		"care.Cases.Form":            func(*world, stage) []any { return one(care.AskForm{Customer: ann, Category: care.GeneralQuestion}) },
		"care.Cases.Transcript":      func(_ *world, s stage) []any { return []any{ann, s.caseID} },
		"care.Cases.Export":          func(w *world, _ stage) []any { return []any{ann, false, w.log} },
		"care.Callers.Requests":      func(*world, stage) []any { return one(ann) },
		"care.Callers.Decline":       func(*world, stage) []any { return one(care.ProveCaller{Customer: ann, Request: "none"}) },
		"care.Callers.Approve":       func(*world, stage) []any { return one(care.ProveCaller{Customer: ann, Request: "none", Number: "42"}) },
		"care.Callers.StopRequest":   func(*world, stage) []any { return one(care.StopSupport{Customer: ann, Request: "none"}) },
		"care.Phrases.Set":           func(*world, stage) []any { return one(care.SetPhrase{Customer: ann, Phrase: "my own words"}) },

		"notify.Activity": func(*world, stage) []any { return []any{ann, notify.ActivityPage{}} },
		"notify.Mark": func(w *world, _ stage) []any {
			return one(notify.MarkNotices{Customer: ann, Messages: []okpay.MessageID{w.notice()}, Read: &yes})
		},
		"notify.Notice":    func(w *world, _ stage) []any { return []any{ann, w.notice()} },
		"notify.Notices":   func(*world, stage) []any { return []any{ann, notify.NoticePage{}} },
		"notify.Unread":    func(*world, stage) []any { return one(ann) },
		"notify.SetDigest": func(*world, stage) []any { return one(notify.ChooseDigest{Customer: ann, Period: notify.Weekly}) },
	}
}

// notice is the newest of ann's.
func (w *world) notice() okpay.MessageID {
	w.t.Helper()
	list, err := w.Customers.Messages(w.t.Context(), ann, "", 1)
	require.NoError(w.t, err)
	require.Len(w.t, list, 1)
	return list[0].ID
}

func rate(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func (w *world) quote() okpay.QuoteID {
	w.t.Helper()
	q, err := w.Quotes.Create(w.t.Context(), okpay.CreateQuote{Base: "USD", Quote: "CNY", Rate: rate("7.1"), Mid: rate("7.1")})
	require.NoError(w.t, err)
	return q.ID
}
