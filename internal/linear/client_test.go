package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

func name(account int) string { return fmt.Sprint("user:", account) }

func chart() ledger.Chart {
	return ledger.Chart{{Name: "user:*", Min: ledger.Limit(0)}, {Name: "bank"}, {Name: "shop"}}
}

// random makes the next call of a client. Ids come from few enough names that clients use
// each other's: replays and holds of others are part of the game.
func random(r *rand.Rand, prefix string, n int) call {
	c := call{ID: fmt.Sprintf("%s-%d", prefix, n), From: r.IntN(accounts), Minor: 1 + r.Int64N(60)}
	c.To = (c.From + 1 + r.IntN(accounts-1)) % accounts
	c.Hold = fmt.Sprint("h", r.IntN(holds))
	switch k := r.IntN(100); {
	case k < 15:
		c.Kind = "fund"
	case k < 45:
		c.Kind = "move"
	case k < 60:
		// A hold is placed by one id, so that another try is a replay of it.
		c.Kind, c.ID = "hold", "place "+c.Hold
		c.From, c.Minor = int(c.Hold[len(c.Hold)-1])%accounts, 20
	case k < 70:
		c.Kind = "capture"
	case k < 78:
		c.Kind = "void"
	default:
		c.Kind, c.ID = "read", ""
	}
	return c
}

// perform asks a ledger. An error that the model does not know ends the test.
func perform(ctx context.Context, l *ledger.Ledger, c call) (answer, error) {
	if c.Kind == "read" {
		return read(ctx, l)
	}
	change := ledger.Change{ID: c.ID, Request: []ledger.Field{{Name: "call", Value: fmt.Sprint(c)}}}
	move := func(from, to string) []ledger.Posting {
		return []ledger.Posting{{Debit: from, Credit: to, Amount: cny(c.Minor)}}
	}
	switch c.Kind {
	case "fund":
		change.Ops = []ledger.Op{ledger.Transaction{Postings: move("bank", name(c.To))}}
	case "move":
		change.Ops = []ledger.Op{ledger.Transaction{Postings: move(name(c.From), name(c.To))}}
	case "hold":
		change.Request = []ledger.Field{{Name: "hold", Value: c.Hold}}
		change.Ops = []ledger.Op{ledger.Hold{ID: c.Hold, Postings: move(name(c.From), "shop")}}
	case "capture":
		change.Ops = []ledger.Op{ledger.Capture{Hold: c.Hold}}
	case "void":
		change.Ops = []ledger.Op{ledger.Void{Hold: c.Hold}}
	}
	_, err := l.Commit(ctx, change)
	if refused, ok := errors.AsType[*ledger.RefusedError](err); ok {
		return answer{Refused: string(refused.Reason)}, nil
	}
	return answer{}, err
}

// read reads all accounts at one moment.
func read(ctx context.Context, l *ledger.Ledger) (a answer, err error) {
	page, _, err := l.Balances(ctx, "user:", 0, 0)
	for _, b := range page {
		var i int
		if _, err := fmt.Sscanf(b.Account.Name, "user:%d", &i); err != nil {
			return a, err
		}
		a.Balances[i] = balance{b.Posted.Minor(), b.Available.Minor()}
	}
	return a, err
}
