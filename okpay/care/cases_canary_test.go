package care_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func TestWhatIsWrittenInCasesIsInTheirLogAlone(t *testing.T) {
	var logged bytes.Buffer
	wallet := okpay.Config{Logger: slog.New(slog.NewTextHandler(&logged, nil))}
	k := openDesk(t, memstore.New(), handclock.At(monday), wallet, care.Config{}, true)
	ctx := t.Context()
	const canary = "canary-7391"
	c, err := k.Cases.Open(ctx, care.OpenCase{
		Customer: k.customer, Category: care.AccountLocked, Subject: canary, Text: canary, Facts: map[care.Fact]string{care.LockReason: canary},
		Files: []care.Upload{{Name: canary + ".png", Content: append(bytes.Clone(png), canary...)}}, Key: "k",
	})
	require.NoError(t, err)
	k.takes("one", c.ID)
	for _, do := range []func() (care.Case, error){
		func() (care.Case, error) { return k.Cases.Note(ctx, say("one", c.ID, canary)) },
		func() (care.Case, error) { return k.Cases.Ask(ctx, say("one", c.ID, canary)) },
		func() (care.Case, error) {
			return k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: canary})
		},
		func() (care.Case, error) { return k.Cases.Wait(ctx, say("one", c.ID, canary)) },
		func() (care.Case, error) { return k.Cases.Solve(ctx, say("one", c.ID, canary)) },
		func() (care.Case, error) {
			return k.Cases.Rate(ctx, care.RateCase{Customer: k.customer, Case: c.ID, Rating: 1, Text: canary})
		},
	} {
		out, err := do()
		require.NoError(t, err)
		assert.NotContains(t, inJSON(t, out), canary)
	}
	require.NoError(t, k.Phrases.Set(ctx, care.SetPhrase{Customer: k.customer, Phrase: canary}))
	for _, err := range []error{
		k.Phrases.Set(ctx, care.SetPhrase{Customer: k.customer, Phrase: canary + "\x00"}),
		func() error {
			_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.Category(canary), Text: canary})
			return err
		}(),
		func() error {
			_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.AccountLocked, Text: canary, Key: "k"})
			return err
		}(),
		func() error {
			_, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.AccountLocked, Text: canary, Facts: map[care.Fact]string{canary: canary}})
			return err
		}(),
		func() error {
			_, err := k.Cases.Open(ctx, care.OpenCase{
				Customer: k.customer, Category: care.AccountLocked, Text: canary, Files: []care.Upload{{Name: canary, Content: []byte("<" + canary)}},
			})
			return err
		}(),
	} {
		require.Error(t, err)
		assert.NotContains(t, err.Error(), canary)
		assert.NotContains(t, inJSON(t, err), canary)
	}
	k.clock.Advance(15 * 24 * time.Hour)
	k.work()

	for _, noun := range []string{"case", "case_quota", "desk", "message", "audit"} {
		records, err := k.Ledger().Records(ctx, recordsOf(noun, ""))
		require.NoError(t, err)
		require.NotEmpty(t, records, noun)
		for _, r := range records {
			assert.NotContains(t, r.ID+string(r.Content)+inJSON(t, r.Labels)+inJSON(t, r.Unique), canary, noun)
		}
	}
	entries, err := k.Ledger().Records(ctx, recordsOf("case_entry", ""))
	require.NoError(t, err)
	for _, r := range entries {
		assert.NotContains(t, r.ID+inJSON(t, r.Labels)+inJSON(t, r.Unique), canary)
	}
	events, _, err := k.Wallet.Events(ctx, 0, 1000)
	require.NoError(t, err)
	assert.NotContains(t, inJSON(t, events), canary)
	assert.NotContains(t, logged.String(), canary)
	k.verify()
}
