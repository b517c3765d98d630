package okpay_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestABookReplacesAContactInOneChange(t *testing.T) {
	f := start(t, okpay.Config{})
	old, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: f.customer, Email: "old@example.com"})
	require.NoError(t, err)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: f.customer, Contact: old.ID})
	require.NoError(t, err)
	before := f.last()
	address := okpay.Address{Kind: okpay.ContactEmail, Value: "new@example.com"}
	var owner, nobody okpay.CustomerID
	_, err = f.Do(t.Context(), okpay.Act{Principal: "program", Operation: "contact.replace"}, func(d *okpay.Draft) error {
		b, err := d.ContactBook(f.customer)
		if err != nil {
			return err
		}
		owner, err = d.ContactOwner(okpay.Address{Kind: okpay.ContactEmail, Value: "old@example.com"})
		if err != nil {
			return err
		}
		if nobody, err = d.ContactOwner(address); err != nil {
			return err
		}
		id, err := b.Add(address)
		return errors.Join(err, b.Verify(id), b.Remove(old.ID), b.Write())
	})
	require.NoError(t, err)
	assert.Equal(t, f.customer, owner)
	assert.Empty(t, nobody)
	types, _ := f.since(before)
	assert.Equal(t, []string{"contact.added", "contact.verified", "contact.removed"}, types)
	c, err := f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "new@example.com"})
	require.NoError(t, err)
	require.Len(t, c.Contacts, 1)
	assert.Equal(t, okpay.ContactVerified, c.Contacts[0].State)
	_, err = f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "old@example.com"})
	require.ErrorIs(t, err, okpay.NotFound)
	f.verify()
}

func TestASessionAloneChangesNoContactWhereAnAuthorityDecides(t *testing.T) {
	f := start(t, okpay.Config{})
	c, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: f.customer, Email: "a@example.com"})
	require.NoError(t, err)
	f.Trust(&doorkeeper{session: "s1"})
	in := okpay.MoveContact{Customer: f.customer, Contact: c.ID}
	signedIn := okpay.WithActor(t.Context(), okpay.Actor{Customer: f.customer, Session: "s1"})
	verify := func(ctx context.Context) error { _, err := f.Contacts.MarkVerified(ctx, in); return err }
	require.ErrorIs(t, verify(signedIn), okpay.AuthenticationRequired)
	require.NoError(t, verify(t.Context()), "the program itself may")
	require.ErrorIs(t, f.Contacts.Remove(signedIn, in), okpay.AuthenticationRequired)
	require.NoError(t, f.Contacts.Remove(t.Context(), in))
}
