package okpay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

const secretDetails, secretHolder = "6222020299887766", "Quentin Quelle"

func (k *desk) save(in okpay.SaveDestination) okpay.Destination {
	k.t.Helper()
	in.Type, in.Holder, in.Details = "bank", secretHolder, secretDetails
	d, err := k.Destinations.Save(k.t.Context(), in)
	require.NoError(k.t, err)
	return d
}

func TestADestinationGoesThroughItsStates(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	in := okpay.SaveDestination{Customer: k.customer, Type: "bank", Holder: "P", Details: "12345678", Key: "k"}
	var d okpay.Destination
	var err error
	require.NoError(t, k.step([]string{"destination.saved"}, []string{"destination_saved"}, func() error {
		d, err = k.Destinations.Save(t.Context(), in)
		return err
	}))
	assert.Equal(t, okpay.DestinationUnverified, d.State)
	assert.Equal(t, "••••5678", d.Mask)
	assert.Equal(t, "bankA", d.Provider)
	again, err := k.Destinations.Save(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, d.ID, again.ID)
	in.Details = "12345679"
	_, err = k.Destinations.Save(t.Context(), in)
	refusedAs(t, err, okpay.IdempotencyKeyReused)

	use := func() error {
		_, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: cny(1), Destination: d.ID})
		return err
	}
	verify := func(problem okpay.Code) error {
		d, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops1", Problem: problem})
		return err
	}
	refusedAs(t, use(), okpay.DestinationInvalid)
	for _, problem := range []okpay.Code{okpay.DestinationInvalid, okpay.DestinationClosed, okpay.DestinationBlocked, okpay.DestinationNameMismatch} {
		require.NoError(t, k.step([]string{"destination.refused"}, []string{}, func() error { return verify(problem) }))
		assert.Equal(t, okpay.DestinationRefused, d.State)
		refusedAs(t, use(), problem)
	}
	require.NoError(t, k.step([]string{"destination.verified"}, []string{}, func() error { return verify("") }))
	assert.Empty(t, d.Problem)
	id := d.ID
	refusedAs(t, verify(""), okpay.InvalidState)
	d.ID = id
	require.NoError(t, use())
	_, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Merchant: k.merchant, Destination: id})
	refusedAs(t, err, okpay.NotFound)
	require.NoError(t, k.step([]string{"destination.removed"}, []string{"destination_removed"}, func() error {
		d, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Customer: k.customer, Destination: id})
		return err
	}))
	assert.Equal(t, okpay.DestinationRemoved, d.State)
	assert.Empty(t, d.Mask)
	refusedAs(t, use(), okpay.DestinationInvalid)
	refusedAs(t, verify(""), okpay.InvalidState)
	_, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Customer: k.customer, Destination: id})
	refusedAs(t, err, okpay.InvalidState)
	list, err := k.Destinations.List(t.Context(), okpay.ListDestinations{Customer: k.customer})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, k.to, list[0].ID)
	k.verify()
}

func TestADestinationThatIsWrongIsRefused(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 0, 0)
	good := okpay.SaveDestination{Customer: k.customer, Type: "bank", Details: "12345678"}
	for name, change := range map[string]func(*okpay.SaveDestination){
		"nobody's":         func(in *okpay.SaveDestination) { in.Customer = "" },
		"two owners'":      func(in *okpay.SaveDestination) { in.Merchant = k.merchant },
		"no type":          func(in *okpay.SaveDestination) { in.Type = "" },
		"no details":       func(in *okpay.SaveDestination) { in.Details = "" },
		"long details":     func(in *okpay.SaveDestination) { in.Details = strings.Repeat("1", 501) },
		"unknown provider": func(in *okpay.SaveDestination) { in.Provider = "bankZ" },
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			change(&in)
			_, err := k.Destinations.Save(t.Context(), in)
			refusedAs(t, err, okpay.InvalidRequest)
			assert.NotContains(t, err.Error(), "12345678")
		})
	}
	in := good
	in.Customer = "nobody"
	_, err := k.Destinations.Save(t.Context(), in)
	refusedAs(t, err, okpay.NotFound)
	for _, v := range []okpay.VerifyDestination{{Destination: k.to}, {Destination: k.to, By: "ops1", Problem: okpay.NotFound}} {
		_, err = k.Destinations.Verify(t.Context(), v)
		refusedAs(t, err, okpay.InvalidRequest)
	}
	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: k.to, By: string(k.customer), Problem: okpay.DestinationClosed})
	refusedAs(t, err, okpay.SelfApprovalForbidden)
	_, err = k.Destinations.Get(t.Context(), "dst_nothing")
	refusedAs(t, err, okpay.NotFound)
	_, err = k.Destinations.List(t.Context(), okpay.ListDestinations{})
	refusedAs(t, err, okpay.InvalidRequest)
}

func TestADestinationIsVerifiedByTheProgramIfItKnowsHow(t *testing.T) {
	var verdict okpay.DestinationVerdict
	var failure error
	k := startDesk(t, okpay.Config{VerifyDestination: func(_ context.Context, c okpay.DestinationCheck) (okpay.DestinationVerdict, error) {
		if c.Payee.Holder != secretHolder {
			return okpay.DestinationVerdict{Verified: true}, nil
		}
		return verdict, failure
	}}, 0, 0)
	verdict = okpay.DestinationVerdict{Problem: okpay.DestinationNameMismatch}
	assert.Equal(t, okpay.DestinationNameMismatch, k.save(okpay.SaveDestination{Customer: k.customer}).Problem)
	verdict = okpay.DestinationVerdict{Verified: true}
	assert.Equal(t, okpay.DestinationVerified, k.save(okpay.SaveDestination{Customer: k.customer}).State)
	failure = errors.New("no answer")
	d := k.save(okpay.SaveDestination{Customer: k.customer})
	assert.Equal(t, okpay.DestinationUnverified, d.State, "an error is no verdict")
	k.clock.Advance(time.Minute)
	_, err := k.Work(t.Context())
	require.NoError(t, err)
	failure = nil
	k.clock.Advance(time.Hour)
	_, err = k.Work(t.Context())
	require.NoError(t, err)
	d, err = k.Destinations.Get(t.Context(), d.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.DestinationVerified, d.State, "Run asks again")
	k.verify()
}

// TestWhereMoneyGoesIsKeptInRecordsAlone looks for the details of a destination wherever
// they must not be.
func TestWhereMoneyGoesIsKeptInRecordsAlone(t *testing.T) {
	var logged bytes.Buffer
	k := startDesk(t, okpay.Config{Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))}, 20_000, 0)
	d := k.save(okpay.SaveDestination{Customer: k.customer})
	_, err := k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops1"})
	require.NoError(t, err)
	k.to = d.ID
	k.behaves(rails.Behavior{Lost: errors.New("could not send to " + secretDetails + " of " + secretHolder)})
	id := k.approved(5000).ID
	_, err = k.Withdrawals.Submit(t.Context(), id)
	require.NoError(t, err)
	var ordered rails.Payout
	k.answer = func(p rails.Payout, _ int) rails.Behavior { ordered = p; return rails.Behavior{} }
	record, err := k.Ledger().Record(t.Context(), "withdrawal", string(id))
	require.NoError(t, err)
	assert.Contains(t, string(record.Content), secretDetails, "it is needed to give the same order again")
	wd, err := k.Withdrawals.Submit(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, rails.Payee{Type: "bank", Holder: secretHolder, Details: secretDetails}, ordered.To)
	record, err = k.Ledger().Record(t.Context(), "withdrawal", string(id))
	require.NoError(t, err)

	conditions, err := k.Withdrawals.Conditions(t.Context(), k.customer, "CNY")
	require.NoError(t, err)
	places := map[string]string{"the log": logged.String(), "events": strings.Join(k.payloads(), ""), "the withdrawal's record, once it was given": string(record.Content)}
	for name, view := range map[string]any{"the withdrawal": wd, "the destination": d, "conditions": conditions} {
		b, err := json.Marshal(view)
		require.NoError(t, err)
		places[name] = string(b)
	}
	var blocks bytes.Buffer
	for after := int64(0); ; {
		got, err := k.Ledger().Blocks(t.Context(), after, 1000)
		require.NoError(t, err)
		if len(got) == 0 {
			break
		}
		for _, b := range got {
			blocks.Write(b.Body)
			after = b.Seq
		}
	}
	places["blocks"] = blocks.String()
	for name, text := range places {
		assert.NotContains(t, text, secretDetails, name)
		assert.NotContains(t, text, secretHolder, name)
	}
	assert.Contains(t, logged.String(), string(id))

	_, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Customer: k.customer, Destination: d.ID})
	require.NoError(t, err)
	record, err = k.Ledger().Record(t.Context(), "destination", string(d.ID))
	require.NoError(t, err)
	assert.NotContains(t, string(record.Content), "7766", "what is removed is forgotten")
}

// An operator finds what waits to be verified, and sees what nobody else does.
func TestAnOperatorSeesWhatIsToBeVerified(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 0, 0)
	waiting := func(state okpay.DestinationState) (ids []okpay.DestinationID) {
		list, err := k.Destinations.List(t.Context(), okpay.ListDestinations{State: state})
		require.NoError(t, err)
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		return ids
	}
	assert.Empty(t, waiting(okpay.DestinationUnverified))
	d, err := k.Destinations.Save(t.Context(), okpay.SaveDestination{Merchant: k.merchant, Type: "bank", Holder: "Shop Ltd", Details: "6222020200119999"})
	require.NoError(t, err)
	assert.Equal(t, []okpay.DestinationID{d.ID}, waiting(okpay.DestinationUnverified))

	seen, err := k.Destinations.Review(t.Context(), d.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.DestinationCheck{
		Destination: d.ID, Merchant: k.merchant, Provider: "bankA",
		Payee: rails.Payee{Type: "bank", Holder: "Shop Ltd", Details: "6222020200119999"},
	}, seen)
	_, err = k.Destinations.Review(okpay.WithActor(t.Context(), okpay.Actor{Customer: k.customer}), d.ID)
	refusedAs(t, err, okpay.PermissionDenied)

	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Empty(t, waiting(okpay.DestinationUnverified))
	assert.Len(t, waiting(okpay.DestinationVerified), 3)
	_, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Merchant: k.merchant, Destination: d.ID})
	require.NoError(t, err)
	for _, id := range []okpay.DestinationID{d.ID, "dst_nothing"} {
		_, err = k.Destinations.Review(t.Context(), id)
		refusedAs(t, err, okpay.NotFound)
	}
	_, err = k.Destinations.List(t.Context(), okpay.ListDestinations{Customer: k.customer, State: okpay.DestinationVerified})
	refusedAs(t, err, okpay.InvalidRequest)
}
