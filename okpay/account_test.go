package okpay_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestContactsHaveOneNormalForm(t *testing.T) {
	for in, want := range map[string]string{
		" Ann.Lee+shop@Example.COM ": "ann.lee+shop@example.com",
		"a@b.cn":                     "a@b.cn",
		"x@xn--fiqs8s.cn":            "x@xn--fiqs8s.cn",
		"":                           "", "@b.cn": "", "a@": "", "a@b": "", "a@b..cn": "", "a@-b.cn": "", ".a@b.cn": "", "a.@b.cn": "",
		"a..b@c.cn": "", "a b@c.cn": "", "a@b@c.cn": "", "李@b.cn": "", "a@例子.cn": "", `"a"@b.cn`: "", "a@b.cn\n": "",
		strings.Repeat("a", 65) + "@b.cn": "", "a@" + strings.Repeat("b.", 130) + "cn": "",
	} {
		got, err := okpay.NormalizeEmail(in)
		assert.Equal(t, want, got, "%q", in)
		assert.Equal(t, want == "", errors.Is(err, okpay.InvalidRequest), "%q", in)
		if err != nil && in != "" {
			assert.NotContains(t, err.Error(), strings.TrimSpace(in))
		}
	}
	for in, want := range map[string]string{
		"+86 138-0013.8000": "+8613800138000", "0086 (138) 00138000": "+8613800138000", "+44 (0)20 7946 0000": "+442079460000",
		"": "", "13800138000": "", "+0138001380": "", "+123456": "", "+1234567890123456": "", "+86x3800138000": "", "+８６１３８００１": "", "++8613800138": "",
	} {
		got, err := okpay.NormalizePhone(in)
		assert.Equal(t, want, got, "%q", in)
		assert.Equal(t, want == "", errors.Is(err, okpay.InvalidRequest), "%q", in)
	}
}

// A normal form is its own normal form, plain ASCII, and short.
func FuzzNormalizeContact(f *testing.F) {
	f.Add("Ann@Example.com")
	f.Add("00(0)44-20.7946 0000")
	f.Fuzz(func(t *testing.T, s string) {
		for _, normalize := range []func(string) (string, error){okpay.NormalizeEmail, okpay.NormalizePhone} {
			got, err := normalize(s)
			if err != nil {
				require.ErrorIs(t, err, okpay.InvalidRequest)
				require.Empty(t, got)
				continue
			}
			again, err := normalize(got)
			require.NoError(t, err)
			require.Equal(t, got, again)
			require.LessOrEqual(t, len(got), 254)
			for _, c := range []byte(got) {
				require.True(t, c > 0x20 && c < 0x7f)
			}
		}
	})
}

func TestRegistrationIsScreened(t *testing.T) {
	verdict := okpay.Assessment{}
	var asked []okpay.RiskCheck
	f := start(t, okpay.Config{Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
		if verdict.Reason == "away" {
			return verdict, errors.New("away")
		}
		asked = append(asked, c)
		return verdict, nil
	}})
	verdict, asked = okpay.Assessment{Verdict: okpay.Block, Reason: "sanctions"}, nil
	before := f.last()
	in := okpay.CreateCustomer{ID: "ann", Name: "Ann", Key: "k"}
	for range 2 {
		_, err := f.Customers.Create(t.Context(), in)
		refusedWith(t, err, okpay.RiskDeclined)
	}
	assert.Equal(t, okpay.OnRegister, asked[0].Operation)
	assert.Equal(t, "Ann", asked[0].Name)
	assert.Equal(t, okpay.CustomerID("ann"), asked[0].Customer)
	_, err := f.Customers.Get(t.Context(), "ann")
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "bad", Name: "Bad"})
	refusedWith(t, err, okpay.RiskDeclined)
	verdict.Verdict = okpay.Review
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "bad", Name: "Bad"})
	refusedWith(t, err, okpay.UnderReview)
	verdict.Reason = "away"
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "ann"})
	refusedWith(t, err, okpay.ServiceBusy)
	types, before := f.since(before)
	assert.Empty(t, types)

	verdict = okpay.Assessment{Verdict: okpay.Review, Reason: "name_match", Score: 3}
	in.Key = "later"
	_, err = f.Customers.Create(t.Context(), in)
	require.NoError(t, err)
	g, err := f.Customers.Gate(t.Context(), "ann")
	require.NoError(t, err)
	assert.Equal(t, okpay.GateLocked, g.State)
	types, _ = f.since(before)
	assert.Equal(t, []string{"customer.created", "account.locked"}, types)
	assert.Equal(t, []string{"account_locked"}, f.messagesOf("ann"))
	list, _, err := f.Screenings(t.Context(), okpay.ScreeningPage{Customer: "ann"})
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.ElementsMatch(t, []bool{true, false}, []bool{list[0].Refused, list[1].Refused})
	verdict = okpay.Assessment{}
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "good", Name: "Good"})
	require.NoError(t, err)
	list, _, err = f.Screenings(t.Context(), okpay.ScreeningPage{Merchant: "good"})
	require.NoError(t, err)
	assert.Empty(t, list, "nothing was said of them")
	f.verify()
}

func text(s string) *string { return &s }

func TestAProfileIsChanged(t *testing.T) {
	f := start(t, okpay.Config{})
	before := f.last()
	in := okpay.UpdateCustomer{Customer: f.customer, Name: text("New"), Locale: text("zh-CN"), Key: "k"}
	for _, replayed := range []bool{false, true} {
		c, err := f.Customers.Update(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, "New", c.Name)
		assert.Equal(t, "zh-CN", c.Locale)
		assert.Equal(t, replayed, c.Replayed)
	}
	m, err := f.Merchants.Update(t.Context(), okpay.UpdateMerchant{Merchant: f.merchant, Name: text("New shop")})
	require.NoError(t, err)
	assert.Equal(t, "New shop", m.Name)
	assert.Equal(t, "en", m.Locale)
	types, _ := f.since(before)
	assert.Equal(t, []string{"customer.updated", "merchant.updated"}, types)
	for name, in := range map[string]okpay.UpdateCustomer{
		"nothing":         {Customer: f.customer},
		"a long name":     {Customer: f.customer, Name: text(strings.Repeat("n", 201))},
		"another locale":  {Customer: f.customer, Locale: text("fr")},
		"an empty locale": {Customer: f.customer, Locale: text("")},
	} {
		_, err := f.Customers.Update(t.Context(), in)
		e := refusedWith(t, err, okpay.InvalidRequest)
		assert.NotEmpty(t, e.Field, name)
	}
	in.Name = text("Other")
	_, err = f.Customers.Update(t.Context(), in)
	e := refusedWith(t, err, okpay.IdempotencyKeyReused)
	assert.Equal(t, "name", e.Field)
	_, err = f.Customers.Update(t.Context(), okpay.UpdateCustomer{Customer: "nobody", Name: text("x")})
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Merchants.Update(t.Context(), okpay.UpdateMerchant{Merchant: f.merchant, Name: text("")})
	refusedWith(t, err, okpay.InvalidRequest)
	_, err = f.Merchants.Update(t.Context(), okpay.UpdateMerchant{Merchant: "nobody", Name: text("x")})
	refusedWith(t, err, okpay.NotFound)
	list, more, err := f.Customers.List(t.Context(), "", 1)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, "New", list[0].Name)
	shops, more, err := f.Merchants.List(t.Context(), "", 1)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, "New shop", shops[0].Name)
}

func TestAContactIsOnePersonsWhileItIsVerified(t *testing.T) {
	f := people(t, okpay.Config{}, 0)
	add := okpay.AddContact{Customer: "alice", Email: "Ann@Example.com", Key: "k"}
	before := f.last()
	a, err := f.Contacts.Add(t.Context(), add)
	require.NoError(t, err)
	assert.Equal(t, "ann@example.com", a.Value)
	assert.Equal(t, okpay.ContactUnverified, a.State)
	again, err := f.Contacts.Add(t.Context(), add)
	require.NoError(t, err)
	assert.Equal(t, a, again)
	add.Key = ""
	_, err = f.Contacts.Add(t.Context(), add)
	refusedWith(t, err, okpay.InvalidState)
	add.Customer = "bob"
	b, err := f.Contacts.Add(t.Context(), add)
	require.NoError(t, err, "anybody can name any contact")
	move := okpay.MoveContact{Customer: "alice", Contact: b.ID}
	_, err = f.Contacts.MarkVerified(t.Context(), move)
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "ann@example.com"})
	e := refusedWith(t, err, okpay.NotFound)
	assert.Empty(t, e.Object)

	move.Contact = a.ID
	a, err = f.Contacts.MarkVerified(t.Context(), move)
	require.NoError(t, err)
	assert.Equal(t, okpay.ContactVerified, a.State)
	_, err = f.Contacts.MarkVerified(t.Context(), move)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "bob", Contact: b.ID})
	e = refusedWith(t, err, okpay.ContactTaken)
	assert.Equal(t, string(b.ID), e.Object)
	owner, err := f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "ANN@example.com"})
	require.NoError(t, err)
	assert.Equal(t, okpay.CustomerID("alice"), owner.ID)
	require.Len(t, owner.Contacts, 1)

	require.NoError(t, f.Contacts.Remove(t.Context(), move))
	err = f.Contacts.Remove(t.Context(), move)
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "bob", Contact: b.ID})
	require.NoError(t, err, "it is free again")
	types, _ := f.since(before)
	assert.Equal(t, []string{"contact.added", "contact.added", "contact.verified", "contact.removed", "contact.verified"}, types)

	shop, err := f.Contacts.Add(t.Context(), okpay.AddContact{Merchant: f.merchant, Email: "ann@example.com"})
	require.NoError(t, err)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Merchant: f.merchant, Contact: shop.ID})
	require.NoError(t, err, "a shop may have its owner's address")
	m, err := f.Merchants.Get(t.Context(), f.merchant)
	require.NoError(t, err)
	require.Len(t, m.Contacts, 1)
	owner, err = f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "ann@example.com"})
	require.NoError(t, err)
	assert.Equal(t, okpay.CustomerID("bob"), owner.ID)

	for name, in := range map[string]okpay.AddContact{
		"nobody's":             {Email: "a@example.com"},
		"two people's":         {Customer: "alice", Merchant: f.merchant, Email: "a@example.com"},
		"no contact":           {Customer: "alice"},
		"two contacts":         {Customer: "alice", Email: "a@example.com", Phone: "+8613800138000"},
		"somebody who is none": {Customer: "a/b", Email: "a@example.com"},
	} {
		_, err := f.Contacts.Add(t.Context(), in)
		refusedWith(t, err, okpay.InvalidRequest)
		assert.NotContains(t, err.Error(), "example", name)
	}
	for i := range okpay.MaxContacts {
		_, err = f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "alice", Phone: "+8613800138" + string(rune('0'+i)) + "00"})
		require.NoError(t, err)
	}
	_, err = f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "alice", Phone: "+8613900138000"})
	refusedWith(t, err, okpay.InvalidState)
	f.verify()
}

func TestOfManyWhoVerifyOneContactOneHasIt(t *testing.T) {
	f := start(t, okpay.Config{})
	moves := make([]okpay.MoveContact, 32)
	for i := range moves {
		id := okpay.CustomerID("c" + string(rune('a'+i)))
		if i > 25 {
			id = okpay.CustomerID("d" + string(rune('a'+i-26)))
		}
		_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id})
		require.NoError(t, err)
		c, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: id, Phone: "+8613800138000"})
		require.NoError(t, err)
		moves[i] = okpay.MoveContact{Customer: id, Contact: c.ID}
	}
	var (
		racing sync.WaitGroup
		mu     sync.Mutex
		won    []okpay.CustomerID
	)
	for _, m := range moves {
		racing.Go(func() {
			_, err := f.Contacts.MarkVerified(t.Context(), m)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, m.Customer)
				return
			}
			assert.Equal(t, okpay.ContactTaken, okpay.CodeOf(err))
		})
	}
	racing.Wait()
	require.Len(t, won, 1)
	owner, err := f.Contacts.Customer(t.Context(), okpay.FindContact{Phone: "+8613800138000"})
	require.NoError(t, err)
	assert.Equal(t, won[0], owner.ID)
	f.work()
	f.verify()
}

func TestEveryActionOnAContactInEveryState(t *testing.T) {
	f := people(t, okpay.Config{}, 0)
	for name, verified := range map[string]bool{"unverified": false, "verified": true} {
		email := name + "@example.com"
		c, err := f.Contacts.Add(t.Context(), okpay.AddContact{Merchant: f.merchant, Email: email})
		require.NoError(t, err)
		in := okpay.MoveContact{Merchant: f.merchant, Contact: c.ID}
		if verified {
			_, err = f.Contacts.MarkVerified(t.Context(), in)
			require.NoError(t, err)
			_, err = f.Contacts.MarkVerified(t.Context(), in)
			refusedWith(t, err, okpay.InvalidState)
		}
		before := f.last()
		in.Key = "remove " + name
		require.NoError(t, f.Contacts.Remove(t.Context(), in))
		require.NoError(t, f.Contacts.Remove(t.Context(), in), "a replay")
		types, _ := f.since(before)
		assert.Equal(t, []string{"contact.removed"}, types)
		in.Key = ""
		_, err = f.Contacts.MarkVerified(t.Context(), in)
		refusedWith(t, err, okpay.NotFound)
		refusedWith(t, f.Contacts.Remove(t.Context(), in), okpay.NotFound)
	}
	_, err := f.Contacts.Customer(t.Context(), okpay.FindContact{Email: "verified@example.com"})
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Contacts.Customer(t.Context(), okpay.FindContact{})
	refusedWith(t, err, okpay.InvalidRequest)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "nobody", Contact: "con_x"})
	refusedWith(t, err, okpay.NotFound)
	refusedWith(t, f.Contacts.Remove(t.Context(), okpay.MoveContact{Contact: "con_x"}), okpay.InvalidRequest)
	f.verify()
}
