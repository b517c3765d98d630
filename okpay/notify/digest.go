package notify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// Period is how often there is a digest.
type Period string

// The periods. Weeks begin on Monday, months on the first, in the wallet's zone.
const (
	NoDigest Period = "none"
	Weekly   Period = "weekly"
	Monthly  Period = "monthly"
)

func (p Period) check() error {
	if p != NoDigest && p != Weekly && p != Monthly {
		return okpay.InvalidField("digest", "is not one of the constants")
	}
	return nil
}

// begin is when the period began that an instant is in.
func (p Period) begin(t time.Time) time.Time {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	if p == Weekly {
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	}
	return day.AddDate(0, 0, 1-day.Day())
}

// next is when the period ends.
func (p Period) next(t time.Time) time.Time {
	if p == Weekly {
		return p.begin(t).AddDate(0, 0, 7)
	}
	return p.begin(t).AddDate(0, 1, 0)
}

// digestDoc is a customer's digest: the period that is running.
type digestDoc struct {
	Of     okpay.CustomerID `json:"of"`
	Period Period           `json:"period"`
	From   time.Time        `json:"from"`
	Until  time.Time        `json:"until"`
}

func (g *digestDoc) put(d *okpay.Draft) error {
	b, err := json.Marshal(g)
	if err != nil {
		return err
	}
	put := ledger.Put{Type: "digest", ID: string(g.Of), Chaining: ledger.Plain, Content: b, Labels: []string{"c:" + string(g.Of)}}
	if g.Period != NoDigest {
		put.Due = g.Until
	}
	d.Put(put)
	return nil
}

// run sets the period that an instant is in.
func (g *digestDoc) run(p Period, now time.Time) {
	g.Period, g.From, g.Until = p, now, now
	if p != NoDigest {
		g.From, g.Until = p.begin(now), p.next(now)
	}
}

// enroll begins the digests of a customer who has had none: with the first message.
func (n *Notify) enroll(d *okpay.Draft, customer okpay.CustomerID) error {
	if n.cfg.Digest == NoDigest || customer == "" {
		return nil
	}
	g := &digestDoc{}
	err := d.Read("digest", string(customer), g)
	if err == nil || !errors.Is(err, okpay.NotFound) {
		return err
	}
	if gate, err := d.Gate(customer); err != nil || gate.State == okpay.GateClosed {
		return ignoring(err, okpay.NotFound)
	}
	g.Of = customer
	g.run(n.cfg.Digest, d.Now().In(n.w.Zone()))
	return g.put(d)
}

// ChooseDigest is the input of Notify.SetDigest.
type ChooseDigest struct {
	Customer okpay.CustomerID
	Period   Period
	Key      string // makes the call safe to repeat
}

// SetDigest sets how often a customer gets a digest, whatever Config.Digest says: the first one
// at the end of the period that is running. Errors: InvalidRequest, IdempotencyKeyReused, NotFound, AccountClosed,
// AuthenticationRequired, SessionEnded.
func (n *Notify) SetDigest(ctx context.Context, in ChooseDigest) error {
	if err := in.Period.check(); err != nil {
		return err
	}
	act := okpay.Act{
		Principal: "c/" + string(in.Customer), Operation: "digest.set", Key: in.Key,
		Request: []ledger.Field{{Name: "period", Value: string(in.Period)}},
	}
	_, err := n.w.Do(ctx, act, func(d *okpay.Draft) error {
		gate, err := d.Gate(in.Customer)
		switch {
		case err != nil:
			return err
		case gate.State == okpay.GateClosed:
			return okpay.NewError(okpay.AccountClosed, "")
		}
		g := &digestDoc{Of: in.Customer}
		if err := d.Read("digest", string(in.Customer), g); err != nil && !errors.Is(err, okpay.NotFound) {
			return err
		}
		g.run(in.Period, d.Now().In(n.w.Zone()))
		return g.put(d)
	})
	return err
}

// digest queues the digest of a period that is over, and begins the next one.
func (n *Notify) digest(ctx context.Context, id string) error {
	g := &digestDoc{}
	if err := n.w.Read(ctx, "digest", id, g); err != nil {
		return err
	}
	if g.Period == NoDigest || n.w.Now().Before(g.Until) {
		return okpay.ErrNothingDue
	}
	facts, err := n.totals(ctx, g)
	if err != nil {
		return err
	}
	was := *g
	_, err = n.w.Do(ctx, own("digest.send"), func(d *okpay.Draft) error {
		g := &digestDoc{}
		if err := d.Read("digest", id, g); err != nil {
			return err
		}
		gate, err := d.Gate(g.Of)
		switch {
		case err != nil:
			return err
		case !g.Until.Equal(was.Until) || g.Period != was.Period || !g.From.Equal(was.From):
			return okpay.ErrNothingDue
		case gate.State == okpay.GateClosed:
			g.Period = NoDigest
			return g.put(d)
		}
		d.Tell(okpay.Message{Customer: g.Of, Template: Digest, Facts: facts})
		// Periods in which nothing ran have no digest of their own.
		from := g.Period.begin(d.Now().In(n.w.Zone()))
		if g.Until.After(from) {
			from = g.Until
		}
		g.From, g.Until = from, g.Period.next(from.In(n.w.Zone()))
		return g.put(d)
	})
	return err
}

// maxDigest bounds how many things a digest counts.
const maxDigest = 10_000

// totals counts what happened in a period.
func (n *Notify) totals(ctx context.Context, g *digestDoc) (map[string]string, error) {
	signIns, changes, count := 0, 0, 0
	within := func(t time.Time) bool { return !t.Before(g.From) && t.Before(g.Until) }
	for page := (ActivityPage{Limit: 100}); ; {
		list, more, err := n.activity(ctx, g.Of, page, true)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			switch {
			case !within(a.At):
			case a.Money != nil:
				count++
			case a.Action == "session.begin":
				signIns++
			default:
				changes++
			}
			page.Before = a.ID
		}
		if !more || len(list) == 0 || list[len(list)-1].At.Before(g.From) || signIns+changes+count >= maxDigest {
			break
		}
	}
	in, out, err := n.turnover(ctx, g)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{
		"from": g.From.UTC().Format(time.RFC3339), "until": g.Until.UTC().Format(time.RFC3339),
		"sign_ins": strconv.Itoa(signIns), "changes": strconv.Itoa(changes), "count": strconv.Itoa(count),
	}
	if in != "" {
		facts["money_in"] = in
	}
	if out != "" {
		facts["money_out"] = out
	}
	return facts, nil
}

// turnover is what came in and went out, by currency.
func (n *Notify) turnover(ctx context.Context, g *digestDoc) (in, out string, err error) {
	balances, err := n.w.Customers.Balances(ctx, g.Of)
	if err != nil {
		return "", "", err
	}
	var ins, outs []string
	for _, b := range balances {
		c := b.Total.Currency()
		came, went := money.New(0, c), money.New(0, c)
		page := okpay.StatementPage{From: g.From, Until: g.Until, Limit: 100}
		for read := 0; read < maxDigest; {
			lines, err := n.w.Customers.Statement(ctx, g.Of, c.Code(), page)
			if err != nil {
				return "", "", err
			}
			for _, l := range lines {
				page.After = l.Nth
				if l.Amount.IsPositive() {
					came, err = came.Add(l.Amount)
				} else {
					went, err = went.Sub(l.Amount)
				}
				if err != nil {
					return "", "", err
				}
			}
			read += len(lines)
			if len(lines) < 100 {
				break
			}
		}
		if came.IsPositive() {
			ins = append(ins, came.String())
		}
		if went.IsPositive() {
			outs = append(outs, went.String())
		}
	}
	slices.Sort(ins)
	slices.Sort(outs)
	return strings.Join(ins, "; "), strings.Join(outs, "; "), nil
}
