package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

// product is what the shop sells.
type product struct {
	ID     string
	En, Zh string
	Price  money.Amount
}

func products() []product {
	cny := money.MustISO("CNY")
	return []product{
		{ID: "green", En: "Green tea, 100 g", Zh: "绿茶 100 克", Price: money.New(1_995, cny)},
		{ID: "oolong", En: "Oolong, 100 g", Zh: "乌龙茶 100 克", Price: money.New(6_800, cny)},
	}
}

// order is a product that somebody wants.
type order struct {
	ID      string
	Product product
	Placed  time.Time
	Payment merchant.PaymentID // empty until OKPay was asked for one

	// What the webhooks told. The payment's Sequence says how recent that is.
	Sequence int64
	Paid     bool
	Refunded bool
	Shipped  bool
}

// book keeps the orders. A real shop keeps them in its database.
type book struct {
	mu     sync.Mutex
	orders map[string]*order
}

func newBook() *book { return &book{orders: make(map[string]*order)} }

// errOtherProduct refuses an order whose id was used before.
var errOtherProduct = errors.New("there is an order with this id for another product")

// place writes an order down. Placing it twice is placing it once.
func (b *book) place(id string, p product, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.orders[id]; o != nil {
		if o.Product.ID != p.ID {
			return errOtherProduct
		}
		return nil
	}
	b.orders[id] = &order{ID: id, Product: p, Placed: now}
	return nil
}

// asked notes the payment that OKPay made for an order.
func (b *book) asked(id string, payment merchant.PaymentID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[id].Payment = payment
}

func (b *book) get(id string) (o order, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found := b.orders[id]; found != nil {
		return *found, true
	}
	return order{}, false
}

// all returns the orders, the newest first.
func (b *book) all() []order {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []order
	for _, o := range b.orders {
		all = append(all, *o)
	}
	slices.SortFunc(all, func(x, y order) int { return cmp.Or(y.Placed.Compare(x.Placed), cmp.Compare(x.ID, y.ID)) })
	return all
}

// told takes a payment as a webhook tells it, and ships an order that is paid, once. The same
// news may come again, and older news after newer ones. If ship fails, nothing was told.
//
// A real shop does this in one transaction of its database, and puts the parcel into a queue.
func (b *book) told(ctx context.Context, p merchant.Payment, ship func(context.Context, order) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.orders[p.Reference]
	switch {
	case o == nil, o.Payment != "" && o.Payment != p.ID:
		return nil // of no order of this shop's
	case p.Sequence <= o.Sequence:
		return nil // old news
	}
	paid := p.Captured == o.Product.Price // not less, and in the right currency
	back := p.Refunded.IsPositive()
	if paid && !back && !o.Shipped {
		if err := ship(ctx, *o); err != nil {
			return err
		}
		o.Shipped = true
	}
	// The news may be here before the answer of the call that made the payment.
	o.Payment, o.Sequence, o.Paid, o.Refunded = p.ID, p.Sequence, paid, back
	return nil
}
