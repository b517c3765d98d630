package care_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

var png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")

func TestAFormIsFilledInAsFarAsIsKnown(t *testing.T) {
	k, _, _ := startCallers(t)
	ctx := t.Context()
	_, err := k.Merchants.Create(ctx, okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	p, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: yuan(99999)})
	require.NoError(t, err)
	_, err = k.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: k.customer})
	refused(t, err, okpay.InsufficientBalance)
	object := care.Link{Type: "payment", ID: string(p.ID)}

	form, err := k.Cases.Form(ctx, care.AskForm{Customer: k.customer, Category: care.PaymentFailed, Object: object})
	require.NoError(t, err)
	assert.Equal(t, care.Form{
		Category: care.PaymentFailed, Priority: care.P3, Objects: []care.Link{object},
		Fields: []care.FormField{
			{Fact: care.RegisteredEmail, Value: "p***@e***.com"},
			{Fact: care.AccountBalance, Value: "123.45 CNY"},
			{Fact: care.TransactionID, Value: string(p.ID), Required: true, Kept: true},
			{Fact: care.FailureCode, Value: "insufficient_balance", Kept: true},
			{Fact: care.AmountConcerned, Value: "999.99 CNY", Kept: true},
			{Fact: care.OccurredAt, Value: monday.Format(time.RFC3339), Kept: true},
		},
	}, form)

	// The form as it was filled in, sent: the payment is linked, what is the account's own is not kept.
	facts := map[care.Fact]string{}
	for _, f := range form.Fields {
		facts[f.Fact] = f.Value
	}
	c, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.PaymentFailed, Text: "why?", Facts: facts})
	require.NoError(t, err)
	assert.Equal(t, []care.Link{object}, c.Objects)
	log, _, err := k.Cases.Log(ctx, care.ReadLog{Customer: k.customer, Case: c.ID})
	require.NoError(t, err)
	delete(facts, care.RegisteredEmail)
	delete(facts, care.AccountBalance)
	assert.Equal(t, facts, log[0].Facts)
	again, err := k.Cases.Form(ctx, care.AskForm{Customer: k.customer, Category: care.PaymentFailed, Object: object})
	require.NoError(t, err)
	assert.Equal(t, c.ID, again.Open)

	k.newCustomer("other")
	_, err = k.Cases.Form(ctx, care.AskForm{Customer: "other", Category: care.PaymentFailed, Object: object})
	refused(t, err, okpay.NotFound, "another customer's payment")
	_, err = k.Cases.Form(ctx, care.AskForm{Customer: "nobody", Category: care.PaymentFailed})
	refused(t, err, okpay.NotFound)
	_, err = k.Cases.Form(ctx, care.AskForm{Customer: k.customer, Category: "x"})
	refused(t, err, okpay.InvalidRequest)
	for _, row := range care.Categories() {
		_, err = k.Cases.Form(ctx, care.AskForm{Customer: k.customer, Category: row.Category})
		require.NoError(t, err)
	}
}

func TestACaseIsOnlyAboutTheCustomersOwn(t *testing.T) {
	k, _, c := startCallers(t)
	ctx := t.Context()
	k.newCustomer("other")
	mine := care.Link{Type: "topup", ID: k.theTopUp()}
	for name, in := range map[string]care.OpenCase{
		"another customer's object": {Customer: "other", Objects: []care.Link{mine}},
		"one that is not there":     {Customer: k.customer, Objects: []care.Link{{Type: "payment", ID: "pay_none"}}},
	} {
		in.Category, in.Text = care.GeneralQuestion, "about this"
		_, err := k.Cases.Open(ctx, in)
		refused(t, err, okpay.NotFound, name)
	}
	for name, objects := range map[string][]care.Link{
		"a type that nobody links": {{Type: "profile", ID: "c_payer"}},
		"no id":                    {{Type: "payment", ID: "a/b"}},
		"too many":                 make([]care.Link, 11),
	} {
		_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "x", Objects: objects})
		refused(t, err, okpay.InvalidRequest, name)
	}
	// By its id in a fact it is linked when it is theirs, and is text when it is not.
	other, err := k.Cases.Open(ctx, care.OpenCase{
		Customer: "other", Category: care.WithdrawalProblem, Text: "x", Facts: map[care.Fact]string{care.TransactionID: mine.ID},
	})
	require.NoError(t, err)
	assert.Empty(t, other.Objects)
	_, err = k.Cases.Link(ctx, care.LinkCase{By: "top", Why: why, Case: c.ID, Objects: []care.Link{{Type: "topup", ID: "top_none"}}})
	refused(t, err, okpay.NotFound)

	// Another customer's case is not there.
	for name, err := range map[string]error{
		"read": func() error { _, err := k.Cases.Get(ctx, "other", c.ID); return err }(),
		"log":  func() error { _, _, err := k.Cases.Log(ctx, care.ReadLog{Customer: "other", Case: c.ID}); return err }(),
		"transcript": func() error {
			_, err := k.Cases.Transcript(ctx, "other", c.ID)
			return err
		}(),
		"reply": func() error {
			_, err := k.Cases.Reply(ctx, care.ReplyCase{Customer: "other", Case: c.ID, Text: "x"})
			return err
		}(),
		"withdraw": func() error {
			_, err := k.Cases.Withdraw(ctx, care.MoveCase{Customer: "other", Case: c.ID})
			return err
		}(),
		"follow": func() error {
			_, err := k.Cases.Open(ctx, care.OpenCase{Customer: "other", Category: care.AccountLocked, Text: "x", Follows: c.ID})
			return err
		}(),
		"signed in as another": func() error { _, err := k.Cases.Get(k.signedIn(), "other", other.ID); return err }(),
	} {
		refused(t, err, okpay.NotFound, name)
	}
}

func TestFilesAreWhatTheirContentIs(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	c := k.open(care.GeneralQuestion)
	reply := func(files ...care.Upload) error {
		_, err := k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "see", Files: files})
		return err
	}
	for name, content := range map[string]string{
		"a page":                    "<!DOCTYPE html><script>alert(1)</script>",
		"a page after spaces":       " \n\t<script>alert(1)</script>",
		"a picture that is a page":  `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"a program":                 "MZ\x90\x00\x03\x00\x00\x00",
		"a script":                  "#!/bin/sh\nrm -rf /",
		"an archive":                "PK\x03\x04aaaa",
		"text that is no text":      "abc\x00def",
		"text in another encoding":  "caf\xe9 \xff",
		"nothing":                   "",
		"a picture of another kind": "GIF89a....",
		"more than is allowed":      strings.Repeat("a", 512<<10+1),
	} {
		refused(t, reply(care.Upload{Name: "x.txt", Content: []byte(content)}), okpay.InvalidRequest, name)
	}
	for given, want := range map[string]string{
		"photo.PNG":                       "photo.png",
		"../../etc/passwd":                "passwd.png",
		`C:\Users\me\shot.png`:            "shot.png",
		"invoice.pdf.exe":                 "invoice.pdf.exe.png",
		"evil\u202egnp.exe":               "evilgnp.exe.png",
		"a\r\nContent-Type: text/html":    "html.png",
		"":                                "file.png",
		"...":                             "file.png",
		".htaccess":                       "htaccess.png",
		`"><img src=x>`:                   "img src=x.png",
		"凭证.png":                          "凭证.png",
		strings.Repeat("长", 200) + ".png": strings.Repeat("长", 33) + ".png",
	} {
		k := startCases(t, care.Config{})
		out, err := k.Cases.Open(ctx, care.OpenCase{
			Customer: k.customer, Category: care.GeneralQuestion, Text: "see", Files: []care.Upload{{Name: given, Content: png}},
		})
		require.NoError(t, err)
		log, _, err := k.Cases.Log(ctx, care.ReadLog{Customer: k.customer, Case: out.ID})
		require.NoError(t, err)
		assert.Equal(t, want, log[0].Files[0].Name, "%q", given)
		assert.Equal(t, "image/png", log[0].Files[0].Type)
		f, content, err := k.Cases.File(ctx, k.customer, out.ID, log[0].Files[0].ID)
		require.NoError(t, err)
		assert.Equal(t, png, content)
		assert.Equal(t, len(png), f.Size)
	}
	many := make([]care.Upload, 5)
	for i := range many {
		many[i] = care.Upload{Name: "a.txt", Content: []byte("text")}
	}
	for range 4 {
		require.NoError(t, reply(many...))
	}
	refused(t, reply(many[0]), okpay.InvalidState, "twenty are enough")
	refused(t, reply(append(many, many[0])...), okpay.InvalidRequest)
	k.verify()
}

func TestANotesFilesAreNotTheCustomers(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	id := k.open(care.GeneralQuestion).ID
	k.takes("one", id)
	in := say("one", id, "internal")
	in.Files = []care.Upload{{Name: "n.txt", Content: []byte("internal")}}
	_, err := k.Cases.Note(ctx, in)
	require.NoError(t, err)
	file := k.seen(id).Log[1].Files[0].ID
	_, _, err = k.Cases.File(ctx, k.customer, id, file)
	refused(t, err, okpay.NotFound)
	_, content, err := k.Cases.SeeFile(ctx, care.SeeCase{By: "ann", Why: why, Case: id}, file)
	require.NoError(t, err)
	assert.Equal(t, "internal", string(content))
	assert.Contains(t, k.actions(string(id)), "case.see_file")
}

// shelf is a Files elsewhere.
type shelf struct {
	mu   sync.Mutex
	kept map[string][]byte
	err  error
}

func (s *shelf) Put(_ context.Context, id string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.kept[id] = content
	}
	return s.err
}

func (s *shelf) Get(_ context.Context, id string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[id], s.err
}

func (s *shelf) Delete(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, id)
	return s.err
}

func TestFilesElsewhereAreThereWithTheirEntryOrNot(t *testing.T) {
	s := &shelf{kept: map[string][]byte{}}
	cfg := care.Config{}
	cfg.Files = s
	k := startCases(t, cfg)
	ctx := t.Context()
	in := care.OpenCase{
		Customer: k.customer, Category: care.GeneralQuestion, Text: "see", Files: []care.Upload{{Name: "a.png", Content: png}}, Key: "k",
	}
	c, err := k.Cases.Open(ctx, in)
	require.NoError(t, err)
	again, err := k.Cases.Open(ctx, in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Len(t, s.kept, 1, "a repeat leaves nothing behind")
	in.Key, in.Customer = "", "nobody"
	_, err = k.Cases.Open(ctx, in)
	refused(t, err, okpay.NotFound)
	assert.Len(t, s.kept, 1, "nor does what was refused")

	log, _, err := k.Cases.Log(ctx, care.ReadLog{Customer: k.customer, Case: c.ID})
	require.NoError(t, err)
	id := log[0].Files[0].ID
	s.kept[id] = []byte("something else")
	_, _, err = k.Cases.File(ctx, k.customer, c.ID, id)
	refused(t, err, okpay.InternalError, "it is not what was attached")
	s.err = errors.New("away")
	_, _, err = k.Cases.File(ctx, k.customer, c.ID, id)
	refused(t, err, okpay.ServiceBusy)
	in.Customer = k.customer
	_, err = k.Cases.Open(ctx, in)
	refused(t, err, okpay.ServiceBusy)
	assert.Len(t, k.texts(c.ID), 1)
}

func TestATranscriptCanNotBeForgedByWhatIsWrittenInIt(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	forged := "hello\n\n2026-03-02T09:00:00Z support reply\n    Your money is safe, call +1 555 0100"
	c, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Subject: "A question", Text: forged})
	require.NoError(t, err)
	k.takes("one", c.ID)
	_, err = k.Cases.Note(ctx, say("one", c.ID, "canary of a note"))
	require.NoError(t, err)
	_, err = k.Cases.Solve(ctx, say("one", c.ID, "It is not ours."))
	require.NoError(t, err)
	tr, err := k.Cases.Transcript(ctx, k.customer, c.ID)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, tr.WriteText(&text))
	assert.Equal(t, "Case "+c.Number+" (general)\nOpened 2026-03-02T09:00:00Z, solved\n"+
		"\n2026-03-02T09:00:00Z customer contact\n    Subject: A question\n    hello\n    \n    2026-03-02T09:00:00Z support reply\n        Your money is safe, call +1 555 0100\n"+
		"\n2026-03-02T09:00:00Z support solution\n    It is not ours.\n", text.String())
	shown := inJSON(t, tr)
	for _, hidden := range []string{"canary", "one\"", "op/"} {
		assert.NotContains(t, shown, hidden)
	}

	var export bytes.Buffer
	require.NoError(t, k.Cases.Export(ctx, k.customer, false, &export))
	assert.NotContains(t, export.String(), "canary")
	var one care.ExportedCase
	require.NoError(t, json.Unmarshal(export.Bytes(), &one))
	assert.Equal(t, tr, one.Transcript)
	export.Reset()
	require.NoError(t, k.Cases.Export(ctx, k.customer, true, &export))
	assert.Contains(t, export.String(), "canary of a note")
	require.Error(t, k.Cases.Export(k.signedIn(), "other", false, &export))
}

func TestWhatIsWrittenStaysText(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	for _, subject := range []string{"a\r\nBcc: all@example.com", "a\nb", "a\x00b", "turn\u202earound", "\u200bhidden", "a\u2028b", "bad\xff", strings.Repeat("x", 201)} {
		_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Subject: subject, Text: "x"})
		refused(t, err, okpay.InvalidRequest, "%q", subject)
	}
	for _, text := range []string{"", " \n", "a\x00b", "\u202e", "bad\xff", strings.Repeat("x", 4001)} {
		_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: text})
		refused(t, err, okpay.InvalidRequest, "%q", text)
	}
	for name, in := range map[string]care.OpenCase{
		"no category":             {Customer: k.customer, Text: "x"},
		"no customer":             {Category: care.GeneralQuestion, Text: "x"},
		"a channel of the system": {Customer: k.customer, Category: care.GeneralQuestion, Text: "x", Channel: care.BySystem},
		"a fact that is not asked for": {
			Customer: k.customer, Category: care.GeneralQuestion, Text: "x", Facts: map[care.Fact]string{care.LockReason: "x"},
		},
		"a fact with a line break": {
			Customer: k.customer, Category: care.AccountLocked, Text: "x", Facts: map[care.Fact]string{care.LockReason: "a\nb"},
		},
		"without what the form requires": {Customer: k.customer, Category: care.PaymentFailed, Text: "x"},
	} {
		_, err := k.Cases.Open(ctx, in)
		refused(t, err, okpay.InvalidRequest, name)
	}
	templated := "{{.Secret}} ${jndi:ldap://x} %s <b>&amp;</b>"
	c, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: templated})
	require.NoError(t, err)
	assert.Equal(t, []string{templated}, k.texts(c.ID))
	for _, m := range []string{"case_opened"} {
		assert.NotContains(t, inJSON(t, k.message(m)), "{{")
	}
}

func TestACustomerWritesSoMuchAndNoMore(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	c := k.open(care.GeneralQuestion)
	for range 19 {
		k.open(care.GeneralQuestion)
		k.clock.Advance(time.Minute)
	}
	_, err := k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "more"})
	e := refused(t, err, okpay.TooManyTries)
	assert.Equal(t, monday.Add(time.Hour), *e.ResetsAt)
	_, err = k.Cases.LogContact(ctx, care.LogContact{By: "one", Why: why, Customer: k.customer, Category: care.GeneralQuestion, Text: "calls"})
	require.NoError(t, err, "who calls is still heard")
	_, err = k.Do(ctx, okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
		_, err := k.Cases.OpenUrgent(d, care.Urgent{Customer: k.customer, Category: care.RiskLock, Reason: "user_report"})
		return err
	})
	require.NoError(t, err, "and what is urgent is never refused")
	k.clock.Advance(time.Hour - 19*time.Minute)
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "more"})
	require.NoError(t, err)

	k.newCustomer("opener")
	for i := range 11 {
		_, err = k.Cases.Open(ctx, care.OpenCase{Customer: "opener", Category: care.GeneralQuestion, Text: "x"})
		if i == 10 {
			refused(t, err, okpay.TooManyTries, "ten a day")
			break
		}
		require.NoError(t, err)
		list, _, err := k.Cases.List(ctx, care.ListCases{Customer: "opener", Limit: 1})
		require.NoError(t, err)
		_, err = k.Cases.Withdraw(ctx, care.MoveCase{Customer: "opener", Case: list[0].ID})
		require.NoError(t, err)
	}
}

func TestACasesContentsCanBeErasedAndTheRestStaysVerifiable(t *testing.T) {
	s := &shelf{kept: map[string][]byte{}}
	cfg := care.Config{}
	cfg.Files = s
	k := startCases(t, cfg)
	ctx := t.Context()
	k.newCustomer("other")
	c, err := k.Cases.Open(ctx, care.OpenCase{
		Customer: k.customer, Category: care.GeneralQuestion, Subject: "canary subject", Text: "canary text", Files: []care.Upload{{Name: "canary.png", Content: png}},
	})
	require.NoError(t, err)
	others := k.openFor("other", care.GeneralQuestion)
	k.takes("one", c.ID)
	_, err = k.Cases.Note(ctx, say("one", c.ID, "canary note"))
	require.NoError(t, err)
	require.NoError(t, k.Phrases.Set(ctx, care.SetPhrase{Customer: k.customer, Phrase: "canary phrase"}))
	in := care.EraseCases{By: "cleo", Why: "right to erasure", Customer: k.customer}
	refused(t, k.Cases.Erase(ctx, in), okpay.InvalidState, "the account is open")
	_, err = k.Customers.Close(ctx, okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	wrong := in
	wrong.By = "ann"
	refused(t, k.Cases.Erase(ctx, wrong), okpay.PermissionDenied)
	require.Contains(t, k.everything(), "canary")
	s.err = errors.New("away")
	refused(t, k.Cases.Erase(ctx, in), okpay.ServiceBusy)
	s.err = nil
	require.NoError(t, k.Cases.Erase(ctx, in), "it goes on")
	require.NoError(t, k.Cases.Erase(ctx, in), "and can be repeated")
	assert.NotContains(t, k.everything(), "canary")
	assert.Empty(t, s.kept)
	phrase, err := k.Phrases.Phrase(ctx, k.customer)
	require.NoError(t, err)
	assert.Empty(t, phrase)
	p := k.follow(c.ID)
	assert.Equal(t, care.CaseClosed, p.State)
	assert.Empty(t, k.texts(c.ID))
	got, err := k.Cases.Get(ctx, "other", others.ID)
	require.NoError(t, err)
	assert.Equal(t, care.CaseNew, got.State)
	assert.Contains(t, k.actions(string(c.ID)), "case.close")
	k.verify()
}
