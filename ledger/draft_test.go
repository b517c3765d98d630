package ledger_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

func TestAnElseThatIsLeftForLaterIsWrittenOnlyWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	own := errors.New("not today")
	for name, c := range map[string]struct {
		from    string // who pays
		reason  ledger.Reason
		fails   bool // writing the else fails
		arrives bool // the money comes before all is decided again
		written int
		want    string
		err     error
	}{
		"not when the change commits":                    {from: "rich", reason: ledger.InsufficientFunds, want: "paid"},
		"when it is refused for that reason":             {from: "poor", reason: ledger.InsufficientFunds, written: 1, want: "declined", err: ledger.ErrInsufficientFunds},
		"not when it is refused for another":             {from: "poor", reason: ledger.LimitExceeded, err: ledger.ErrInsufficientFunds},
		"its own failure is the verb's":                  {from: "poor", reason: ledger.InsufficientFunds, fails: true, written: 1, err: own},
		"and what fits by then commits in its own place": {from: "poor", reason: ledger.InsufficientFunds, arrives: true, written: 1, want: "paid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := openOver(t, memstore.New(), ledger.Config{Chart: ledger.Chart{{Name: "bank"}, {Name: "*", Min: ledger.Limit(0)}}})
			pays := func(from, to string) ledger.Transaction {
				return ledger.Transaction{Postings: []ledger.Posting{{Debit: from, Credit: to, Amount: money.New(5, money.MustISO("CNY"))}}}
			}
			_, err := l.Commit(t.Context(), ledger.Change{Ops: []ledger.Op{pays("bank", "rich")}})
			require.NoError(t, err)
			written := 0
			verb := func(d *ledger.Draft) error {
				d.OtherwiseLater(func(instead *ledger.Change) error {
					written++
					if c.arrives {
						_, err := l.Commit(t.Context(), ledger.Change{Ops: []ledger.Op{pays("bank", c.from)}})
						require.NoError(t, err)
					}
					instead.Puts = append(instead.Puts, ledger.Put{Type: "note", ID: "n", Content: []byte("declined")})
					if c.fails {
						return own
					}
					return nil
				}, c.reason)
				d.Post(pays(c.from, "shop"))
				d.Put(ledger.Put{Type: "note", ID: "n", Content: []byte("paid")})
				return nil
			}
			for range 2 { // the second time it is answered as it was
				out, err := l.Do(t.Context(), "pay", nil, verb)
				require.ErrorIs(t, err, c.err)
				assert.Equal(t, c.want == "declined", out.Alternative)
				note, err := l.Record(t.Context(), "note", "n")
				if c.want == "" {
					require.ErrorIs(t, err, ledger.ErrNotFound)
					break
				}
				require.NoError(t, err)
				assert.Equal(t, c.want, string(note.Content))
				assert.EqualValues(t, 1, note.Version)
				assert.Equal(t, c.written, written)
			}
			assert.Equal(t, c.written, written)
		})
	}
}
