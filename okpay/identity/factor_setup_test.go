package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/totp"
)

// holder is a customer with a session, an app and recovery codes.
type holder struct {
	t     testing.TB
	w     *world
	p     process
	id    okpay.CustomerID
	token identity.Secret
	app   totp.Secret
	codes []totp.RecoveryCode

	fresh totp.Secret // of an app that was begun while another one counts
	reset string      // by support
	until time.Time   // when that is done
}

// holder signs a customer in who has just proven who they are.
func (w *world) holder(id okpay.CustomerID) *holder {
	h := &holder{t: w.t, w: w, p: w.process, id: id}
	h.signIn()
	return h
}

// bob adds another customer.
func (w *world) bob() *world {
	_, err := w.Customers.Create(w.t.Context(), okpay.CreateCustomer{ID: "bob", Name: "Bob"})
	require.NoError(w.t, err)
	return w
}

func (h *holder) signIn() {
	h.t.Helper()
	on, err := h.p.x.Enrolled(h.t.Context(), h.id)
	require.NoError(h.t, err)
	h.token, err = h.p.x.SignedIn(h.t.Context(), h.id, identity.Client{UserAgent: "Firefox on Linux", Place: "Here"}, on)
	require.NoError(h.t, err)
}

// ctx is a request of the holder's.
func (h *holder) ctx() context.Context {
	h.t.Helper()
	ctx, _, err := h.p.x.Authenticate(h.t.Context(), h.token)
	require.NoError(h.t, err)
	return ctx
}

// enroll begins an app and confirms it.
func (h *holder) enroll() {
	h.t.Helper()
	h.begin(h.p, identity.Secret{})
	codes, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(h.t, err)
	require.Len(h.t, codes, 10)
	h.codes = codes
}

func (h *holder) begin(p process, proof identity.Secret) identity.Enrollment {
	h.t.Helper()
	e, err := p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{Proof: proof})
	require.NoError(h.t, err)
	h.app = e.Key.Secret
	return e
}

// code is what the app shows.
func (h *holder) code() string {
	h.t.Helper()
	return codeOf(h.t, h.app, h.w.clock.Now())
}

// next waits until the app shows a code that was not used.
func (h *holder) next() string {
	h.w.clock.Advance(30 * time.Second)
	return h.code()
}

func codeOf(t testing.TB, secret totp.Secret, at time.Time) string {
	t.Helper()
	code, err := totp.Code(secret, totp.Params{}, at)
	require.NoError(t, err)
	return code
}

// wrongCode is a code that the app does not show around now.
func (h *holder) wrongCode() string {
	h.t.Helper()
	shown := map[string]bool{}
	for i := -5; i <= 5; i++ {
		shown[codeOf(h.t, h.app, h.w.clock.Now().Add(time.Duration(i)*30*time.Second))] = true
	}
	for _, c := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888", "999999", "123456", "654321"} {
		if !shown[c] {
			return c
		}
	}
	h.t.Fatal("the app shows everything")
	return ""
}

// verify is a sign-in's question for the factor.
func (h *holder) verify(code string) error {
	return h.p.x.VerifyFactor(h.t.Context(), h.id, code, false, nil)
}

func (h *holder) factor() identity.Factor {
	h.t.Helper()
	f, err := h.p.x.Factor(h.t.Context(), h.id)
	require.NoError(h.t, err)
	return f
}

func (h *holder) gate() okpay.Gate {
	h.t.Helper()
	g, err := h.w.Customers.Gate(h.t.Context(), h.id)
	require.NoError(h.t, err)
	return g
}

// proof answers a step-up with the factor, or the answer given.
func (h *holder) proof(in identity.StepUpRequest) identity.Secret {
	h.t.Helper()
	s, err := h.p.x.BeginStepUp(h.ctx(), in)
	require.NoError(h.t, err)
	proof, err := h.p.x.FinishStepUp(h.ctx(), identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret(h.next())})
	require.NoError(h.t, err)
	return proof
}

// told are the templates of the customer's messages, the oldest first.
func (h *holder) told() (templates []string) {
	h.t.Helper()
	list, err := h.w.Customers.Messages(h.t.Context(), h.id, "", 100)
	require.NoError(h.t, err)
	for i := len(list) - 1; i >= 0; i-- {
		templates = append(templates, list[i].Template)
	}
	return templates
}

// message is the customer's newest message of a template.
func (h *holder) message(template string) okpay.Message {
	h.t.Helper()
	list, err := h.w.Customers.Messages(h.t.Context(), h.id, "", 100)
	require.NoError(h.t, err)
	for _, m := range list {
		if m.Template == template {
			return m
		}
	}
	h.t.Fatalf("there is no message %s", template)
	return okpay.Message{}
}

// audited are the actions in the audit of the customer, the oldest first.
func (h *holder) audited() (actions []string) {
	h.t.Helper()
	list, _, err := h.w.Audit(h.t.Context(), okpay.AuditPage{Customer: h.id, Limit: 100})
	require.NoError(h.t, err)
	for i := len(list) - 1; i >= 0; i-- {
		actions = append(actions, list[i].Action)
	}
	return actions
}

// verifies gives the customer an e-mail address that is verified.
func (h *holder) verifies(email string) {
	h.t.Helper()
	_, err := h.w.Do(h.t.Context(), okpay.Act{Principal: "program", Operation: "test.contact"}, func(d *okpay.Draft) error {
		book, err := d.ContactBook(h.id)
		if err != nil {
			return err
		}
		id, err := book.Add(okpay.Address{Kind: okpay.ContactEmail, Value: email})
		if err != nil {
			return err
		}
		return errors.Join(book.Verify(id), book.Write())
	})
	require.NoError(h.t, err)
}
