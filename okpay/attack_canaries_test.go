package okpay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func TestCanariesAreHeardNowhere(t *testing.T) {
	ctx := t.Context()
	const email, phone, holder, details, proof, note, reason = "canary-mail@example.com", "+8613912345678", "canary-holder", "canary-details-4711", "canary-proof", "canary-note", "canary-risk"
	canaries := []string{"canary-mail", "13912345678", holder, "canary-details", proof, note, reason}
	var logged lockedBuffer
	k := startDesk(t, okpay.Config{
		Logger: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation == okpay.OnTopUp || c.Operation == okpay.OnRegister {
				return okpay.Assessment{}, nil
			}
			if c.Amount == cny(13) {
				return okpay.Assessment{Verdict: okpay.Block, Reason: reason}, nil
			}
			return okpay.Assessment{Verdict: okpay.Challenge, Reason: reason}, nil
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) { return s.Proof == proof, nil },
	}, 1000, 0)
	var heard []string
	hear := func(err error) {
		if err != nil {
			heard = append(heard, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
			raw, _ := json.Marshal(err)
			heard = append(heard, string(raw))
		}
	}
	for _, p := range []string{proof, "canary-proof-wrong", ""} {
		for _, amount := range []int64{1, 13, 5000} {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: email, Amount: cny(amount), Note: note, Proof: p})
			hear(err)
			_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Phone: phone, Amount: cny(amount), Note: note, Proof: p})
			hear(err)
			_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(amount), Destination: k.to, Proof: p})
			hear(err)
			pay, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(amount)})
			hear(err)
			_, err = k.Payments.Authenticate(ctx, okpay.AuthenticatePayment{Payment: pay.ID, Customer: "payer", Proof: p})
			hear(err)
		}
	}
	d, err := k.Destinations.Save(ctx, okpay.SaveDestination{Customer: "payer", Type: "bank", Holder: holder, Details: details})
	require.NoError(t, err)
	_, err = k.Destinations.Save(ctx, okpay.SaveDestination{Customer: "payer", Type: "canary type", Holder: holder, Details: details, Provider: "nobody"})
	hear(err)
	_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(1), Destination: d.ID, Proof: proof})
	hear(err)
	_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: email + " canary-mail", Amount: cny(1)})
	hear(err)
	_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Phone: "13912345678", Amount: cny(1)})
	hear(err)
	_, err = k.Contacts.Add(ctx, okpay.AddContact{Customer: "payer", Email: email})
	require.NoError(t, err)
	_, err = k.Contacts.Add(ctx, okpay.AddContact{Customer: "payer", Email: email})
	hear(err)
	_, _ = k.Work(ctx)

	// The events and the labels of all records, and the log.
	events, _, err := k.Events(ctx, 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		heard = append(heard, e.Type+" "+string(e.Data))
	}
	for _, noun := range []string{"payment", "transfer", "withdrawal", "destination", "screening", "message", "contact", "profile", "customer", "gate"} {
		records, err := k.Ledger().Records(ctx, ledger.RecordQuery{Type: noun, Limit: 100})
		require.NoError(t, err)
		for _, r := range records {
			heard = append(heard, noun+" "+r.ID+" "+strings.Join(r.Labels, " ")+strings.Join(r.Unique, " "))
		}
	}
	heard = append(heard, logged.String())
	require.Greater(t, len(heard), 60)
	for _, text := range heard {
		for _, c := range canaries {
			assert.NotContains(t, text, c)
		}
	}
}
