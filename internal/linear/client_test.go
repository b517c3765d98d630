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
	case k < 35:
		c.Kind = "move"
	case k < 45:
		return place(c.Hold)
	case k < 53:
		c.Kind = "capture"
	case k < 59:
		c.Kind = "void"
	case k < 75:
		return call{Kind: "chain", Members: members(r.IntN(chains))}
	case k < 78: // then the chain is one that can not happen as one
		all := members(r.IntN(chains))
		return all[r.IntN(len(all))]
	default:
		c.Kind, c.ID = "read", ""
	}
	return c
}

// place places a hold. It is placed by one id, so that another try is a replay of it.
func place(hold string) call {
	return call{Kind: "hold", ID: "place " + hold, Hold: hold, From: int(hold[len(hold)-1]) % accounts, Minor: 20}
}

// chains is how many chains there are. All clients ask for the same ones, again and again.
const chains = 12

// members are the Changes of a chain.
func members(chain int) []call {
	r := rand.New(rand.NewPCG(uint64(chain), 0))
	from, hold := r.IntN(accounts), fmt.Sprint("h", r.IntN(holds))
	a, b, c := from, (from+1)%accounts, (from+2)%accounts
	member := func(n int, kind string) call {
		return call{Kind: kind, ID: fmt.Sprint("chain ", chain, "-", n), From: a, To: b, Minor: 1 + r.Int64N(60)}
	}
	first, second, third := member(1, "move"), member(2, "move"), member(3, "move")
	second.From, second.To = b, c // what the first one may have brought
	third.From, third.To = c, a
	switch chain % 4 {
	case 0:
		return []call{first, second}
	case 1:
		second.Kind, second.Hold = "capture", hold
		return []call{place(hold), second, third}
	case 2:
		first.Kind, first.To = "fund", b
		return []call{first, second, third}
	default:
		second.Kind, second.Hold = "void", hold
		return []call{first, second, third}
	}
}

// perform asks a ledger. An error that the model does not know ends the test.
func perform(ctx context.Context, l *ledger.Ledger, c call) (answer, error) {
	if c.Kind == "read" {
		return read(ctx, l)
	}
	if c.Kind == "chain" {
		return performChain(ctx, l, c.Members)
	}
	_, err := l.Commit(ctx, changeOf(c))
	if refused, ok := errors.AsType[*ledger.RefusedError](err); ok {
		return answer{Refused: string(refused.Reason)}, nil
	}
	return answer{}, err
}

// performChain asks for all or nothing.
func performChain(ctx context.Context, l *ledger.Ledger, members []call) (a answer, err error) {
	changes := make([]ledger.Change, len(members))
	for i, c := range members {
		changes[i] = changeOf(c)
		changes[i].Linked = i < len(members)-1
	}
	for _, told := range l.CommitAll(ctx, changes) {
		refused, ok := errors.AsType[*ledger.RefusedError](told.Err)
		switch {
		case ok:
			a.Members = append(a.Members, string(refused.Reason))
		case errors.Is(told.Err, ledger.ErrLinked):
			a.Members = append(a.Members, linked)
		case told.Err != nil:
			return answer{}, told.Err
		default:
			a.Members = append(a.Members, "")
		}
	}
	return a, nil
}

// changeOf is what a call commits. By the same id it is always the same.
func changeOf(c call) ledger.Change {
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
	return change
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
