package ledgertest_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// writes breaks what is committed.
func writes(alter func(b *ledger.Batch)) func(ledger.Store) ledger.Store {
	return func(s ledger.Store) ledger.Store {
		return &crooked{Store: s, write: func(_ ledger.Tx, b *ledger.Batch) { alter(b) }}
	}
}

// finds breaks what Begin and Load give.
func finds(alter func(f *ledger.Found, need *ledger.Need)) func(ledger.Store) ledger.Store {
	return func(s ledger.Store) ledger.Store { return &crooked{Store: s, found: alter} }
}

// shows breaks what Read gives.
func shows(view func(v ledger.View) ledger.View) func(ledger.Store) ledger.Store {
	return func(s ledger.Store) ledger.Store { return &crooked{Store: s, view: view} }
}

// brokenStores are the ways in which a store is known to go wrong, or could.
var brokenStores = []broken{
	{"a commit is lost", contract, func(s ledger.Store) ledger.Store {
		return &crooked{Store: s, begin: func(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
			tx, found, err := s.Begin(ctx, id, need)
			if err == nil && found.Head.Seq%5 == 4 {
				tx = lostTx{tx}
			}
			return tx, found, err
		}}
	}},
	{"a commit is reported before it is there", contract, early},
	{"a commit that happened is reported as one that did not", promises, func(s ledger.Store) ledger.Store {
		return &crooked{Store: s, after: func(b *ledger.Batch) error {
			if b.Block.Seq%3 == 0 {
				return ledger.ErrRetry
			}
			return nil
		}}
	}},
	{"the head is not locked", contract, unlocked},
	{"the head is locked in each process alone", shared, lockedAlone},
	{"a balance is kept after a foreign block", shared, rememberedBalances},
	{"a read is stale", contract, staleReads},
	{"a read moves on while it lasts", contract, func(s ledger.Store) ledger.Store { return &movingReads{s} }},
	{"the unique check is dropped", contract, func(s ledger.Store) ledger.Store { return &crooked{Store: s, write: dropUnique(s)} }},
	{"a unique key is not found", contract, finds(func(f *ledger.Found, _ *ledger.Need) { f.Unique = nil })},
	{"the change of a used id is not found", contract, finds(func(f *ledger.Found, _ *ledger.Need) { f.Changes = nil })},
	{"events come in another order", contract, shows(func(v ledger.View) ledger.View { return unorderedEvents{v} })},
	{"an event loses its payload", contract, writes(func(b *ledger.Batch) {
		b.Events = slices.Clone(b.Events)
		for i := range b.Events {
			b.Events[i].Payload = nil
		}
	})},
	{"what becomes of a hold is not written", contract, writes(func(b *ledger.Batch) {
		b.Holds = slices.DeleteFunc(slices.Clone(b.Holds), func(h ledger.HoldState) bool { return h.Seq != b.Block.Seq })
	})},
	{"a hold keeps its first reserve", contract, writes(func(b *ledger.Batch) {
		b.Holds = slices.Clone(b.Holds)
		for i := range b.Holds {
			h := &b.Holds[i]
			h.Legs = slices.Clone(h.Legs)
			for j := range h.Legs {
				h.Legs[j].Rest = h.Legs[j].Amount
			}
		}
	})},
	{"a hold that is due at this very instant is left out", contract, finds(func(f *ledger.Found, need *ledger.Need) {
		if len(need.DueOn) > 0 {
			f.Holds = slices.DeleteFunc(f.Holds, func(h ledger.HoldState) bool { return h.Expires.Equal(need.DueAt) })
		}
	})},
	{"the next expiry is not told", contract, finds(func(f *ledger.Found, _ *ledger.Need) { f.NextExpiry = nil })},
	{"tombstones are left out", contract, finds(func(f *ledger.Found, _ *ledger.Need) {
		f.Records = slices.DeleteFunc(f.Records, func(r ledger.RecordRow) bool { return r.Erased })
	})},
	{"flags of accounts are not written", contract, writes(func(b *ledger.Batch) { b.Altered = nil })},
	{"balances are written without the pending ones", contract, writes(func(b *ledger.Batch) {
		b.Accounts = slices.Clone(b.Accounts)
		for i := range b.Accounts {
			b.Accounts[i].PendingIn, b.Accounts[i].PendingOut = 0, 0
		}
	})},
	{"the upper half of a turnover is cut off", contract, writes(func(b *ledger.Batch) {
		b.Opened, b.Accounts = slices.Clone(b.Opened), slices.Clone(b.Accounts)
		for _, rows := range [][]ledger.Account{b.Opened, b.Accounts} {
			for i := range rows {
				rows[i].DebitsHi = 0
			}
		}
	})},
	{"that a transaction was reversed is not written", contract, writes(func(b *ledger.Batch) { b.Reversals = nil })},
	{"the totals of dated entries are not written", contract, writes(func(b *ledger.Batch) { b.DatedSums = nil })},
	{"the last dated entry is not found", contract, finds(func(f *ledger.Found, _ *ledger.Need) { f.Dated = nil })},
	{"search terms are not written", contract, writes(func(b *ledger.Batch) { b.Terms = nil })},
	{"currencies are not written", contract, writes(func(b *ledger.Batch) { b.Currencies = nil })},
	{"the last byte of a block is cut off", contract, writes(func(b *ledger.Batch) {
		block := *b.Block
		block.Body = block.Body[:len(block.Body)-1]
		b.Block = &block
	})},
	{"times are kept in milliseconds", contract, writes(func(b *ledger.Batch) {
		block := *b.Block
		block.Time = block.Time.Truncate(time.Millisecond)
		b.Block = &block
	})},
	{"times come back in another zone", contract, shows(func(v ledger.View) ledger.View { return zoned{v} })},
	{"a ledger takes the key of whoever opens it", contract, func(s ledger.Store) ledger.Store {
		return &crooked{Store: s, open: func(head *ledger.Head, genesis ledger.Genesis) { head.Key = genesis.Key }}
	}},
	{"a prefix is compared without regard to case", contract, shows(func(v ledger.View) ledger.View { return lowerCase{v} })},
	{"a page begins with the end of the page before", contract, shows(func(v ledger.View) ledger.View { return inclusive{v} })},
	{"a statement lacks the last entry", contract, shows(func(v ledger.View) ledger.View { return fewerEntries{v} })},
	{"of many records that are asked for by key the erased ones are left out", contract, shows(func(v ledger.View) ledger.View { return untombed{v} })},
	{"archiving drops one block too many", contract, func(s ledger.Store) ledger.Store { return greedy{s} }},
	{"what is not there is there, and empty", contract, shows(func(v ledger.View) ledger.View { return neverMissing{v} })},
}

// lostTx says that it committed and did not.
type lostTx struct{ ledger.Tx }

func (t lostTx) Commit(ctx context.Context, b *ledger.Batch) error {
	if b.Block == nil {
		return t.Tx.Commit(ctx, b)
	}
	return t.Rollback(ctx)
}

// early commits only when the next writer comes.
func early(s ledger.Store) ledger.Store {
	var mu sync.Mutex
	waiting := make(map[int64]func() error)
	flush := func(id int64) error {
		mu.Lock()
		commit := waiting[id]
		delete(waiting, id)
		mu.Unlock()
		if commit == nil {
			return nil
		}
		return commit()
	}
	end := func() {
		for _, id := range slices.Collect(maps.Keys(waiting)) {
			_ = flush(id)
		}
	}
	return &crooked{Store: s, close: end, begin: func(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
		if err := flush(id); err != nil {
			return nil, nil, err
		}
		tx, found, err := s.Begin(ctx, id, need)
		return earlyTx{tx, func(b *ledger.Batch) {
			mu.Lock()
			waiting[id] = func() error { return tx.Commit(context.WithoutCancel(ctx), b) }
			mu.Unlock()
		}}, found, err
	}}
}

type earlyTx struct {
	ledger.Tx
	later func(*ledger.Batch)
}

func (t earlyTx) Commit(ctx context.Context, b *ledger.Batch) error {
	if b.Block == nil {
		return t.Tx.Commit(ctx, b)
	}
	t.later(b)
	return nil
}

// unlocked locks the head only to load and to commit.
func unlocked(s ledger.Store) ledger.Store {
	return &crooked{Store: s, begin: func(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
		tx, found, err := s.Begin(ctx, id, need)
		if err != nil {
			return nil, nil, err
		}
		return &unlockedTx{s, id, func() {}}, found, tx.Rollback(ctx)
	}}
}

// lockedAlone locks the head for this handle only.
func lockedAlone(s ledger.Store) ledger.Store {
	var mu sync.Mutex
	locks := make(map[int64]chan struct{})
	return &crooked{Store: s, begin: func(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
		mu.Lock()
		if locks[id] == nil {
			locks[id] = make(chan struct{}, 1)
		}
		lock := locks[id]
		mu.Unlock()
		select {
		case lock <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		tx, found, err := s.Begin(ctx, id, need)
		if err != nil {
			<-lock
			return nil, nil, err
		}
		return &unlockedTx{s, id, func() { <-lock }}, found, tx.Rollback(ctx)
	}}
}

type unlockedTx struct {
	store   ledger.Store
	id      int64
	release func()
}

func (t *unlockedTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	tx, found, err := t.store.Begin(ctx, t.id, need)
	if err != nil {
		return nil, err
	}
	return found, tx.Rollback(ctx)
}

func (t *unlockedTx) Commit(ctx context.Context, b *ledger.Batch) error {
	defer t.release()
	tx, _, err := t.store.Begin(ctx, t.id, ledger.Need{})
	if err != nil {
		return err
	}
	return tx.Commit(ctx, b)
}

func (t *unlockedTx) Rollback(context.Context) error {
	t.release()
	return nil
}

// rememberedBalances gives accounts as this handle saw or wrote them last.
func rememberedBalances(s ledger.Store) ledger.Store {
	type key struct {
		ledger int64
		no     int64
	}
	var mu sync.Mutex
	known := make(map[key]ledger.Account)
	c := &crooked{Store: s}
	c.found = func(f *ledger.Found, _ *ledger.Need) {
		mu.Lock()
		defer mu.Unlock()
		for i := range f.Accounts {
			k := key{f.Head.Ledger, f.Accounts[i].No}
			if a, ok := known[k]; ok {
				f.Accounts[i] = a
			} else {
				known[k] = f.Accounts[i]
			}
		}
	}
	c.write = func(_ ledger.Tx, b *ledger.Batch) {
		mu.Lock()
		defer mu.Unlock()
		for _, rows := range [][]ledger.Account{b.Opened, b.Accounts} {
			for _, a := range rows {
				known[key{b.Head.Ledger, a.No}] = a
			}
		}
	}
	return c
}

// staleReads shows each account as it was when it was first read.
func staleReads(s ledger.Store) ledger.Store {
	first := &firstSeen{seen: make(map[firstKey]ledger.Account)}
	return &crooked{Store: s, view: func(v ledger.View) ledger.View { return staleView{v, first} }}
}

type firstKey struct {
	ledger int64
	key    ledger.AccountKey
}

type firstSeen struct {
	mu   sync.Mutex
	seen map[firstKey]ledger.Account
}

type staleView struct {
	ledger.View
	first *firstSeen
}

func (v staleView) Account(ctx context.Context, key ledger.AccountKey) (ledger.Account, error) {
	head, err := v.Head(ctx)
	if err != nil {
		return ledger.Account{}, err
	}
	v.first.mu.Lock()
	defer v.first.mu.Unlock()
	k := firstKey{head.Ledger, key}
	if a, ok := v.first.seen[k]; ok {
		return a, nil
	}
	a, err := v.View.Account(ctx, key)
	if err == nil {
		v.first.seen[k] = a
	}
	return a, err
}

// movingReads reads each thing at a moment of its own.
type movingReads struct{ ledger.Store }

func (s *movingReads) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, id, func(v ledger.View) error { return fn(movingView{v, s.Store, id}) })
}

type movingView struct {
	ledger.View
	store ledger.Store
	id    int64
}

func (v movingView) Account(ctx context.Context, key ledger.AccountKey) (a ledger.Account, err error) {
	err = v.store.Read(ctx, v.id, func(now ledger.View) error {
		a, err = now.Account(ctx, key)
		return err
	})
	return a, err
}

func (v movingView) Head(ctx context.Context) (h ledger.Head, err error) {
	err = v.store.Read(ctx, v.id, func(now ledger.View) error {
		h, err = now.Head(ctx)
		return err
	})
	return h, err
}

// dropUnique lets a record have a key that another one holds, by leaving the key out of the index.
func dropUnique(s ledger.Store) func(ledger.Tx, *ledger.Batch) {
	return func(_ ledger.Tx, b *ledger.Batch) {
		b.Records = slices.Clone(b.Records)
		claimed := make(map[string]ledger.RecordKey)
		for i := range b.Records {
			r := &b.Records[i]
			r.Unique = slices.DeleteFunc(slices.Clone(r.Unique), func(key string) bool {
				holder, taken := claimed[key]
				if !taken {
					_ = s.Read(context.Background(), b.Head.Ledger, func(v ledger.View) (err error) {
						holder, err = v.Unique(context.Background(), key)
						taken = err == nil
						return nil
					})
				}
				claimed[key] = r.RecordKey
				return taken && holder != r.RecordKey
			})
		}
	}
}

type unorderedEvents struct{ ledger.View }

func (v unorderedEvents) Events(ctx context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	rows, err := v.View.Events(ctx, after, limit)
	if n := len(rows); n > 1 {
		rows[n-1], rows[n-2] = rows[n-2], rows[n-1]
	}
	return rows, err
}

type zoned struct{ ledger.View }

func (v zoned) Head(ctx context.Context) (ledger.Head, error) {
	h, err := v.View.Head(ctx)
	h.Time = h.Time.In(time.FixedZone("CST", 8*3600))
	return h, err
}

func (v zoned) Blocks(ctx context.Context, after int64, limit int) ([]ledger.Block, error) {
	rows, err := v.View.Blocks(ctx, after, limit)
	for i := range rows {
		rows[i].Time = rows[i].Time.In(time.FixedZone("CST", 8*3600))
	}
	return rows, err
}

type lowerCase struct{ ledger.View }

func (v lowerCase) Accounts(ctx context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	rows, err := v.View.Accounts(ctx, "", after, 1000)
	rows = slices.DeleteFunc(rows, func(a ledger.Account) bool {
		return !strings.HasPrefix(strings.ToLower(a.Key.Name), strings.ToLower(prefix))
	})
	return rows[:min(limit, len(rows))], err
}

type inclusive struct{ ledger.View }

func (v inclusive) Postings(ctx context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	return v.View.Postings(ctx, max(0, after-1), limit)
}

type fewerEntries struct{ ledger.View }

func (v fewerEntries) Entries(ctx context.Context, account, lowest, highest int64) ([]ledger.PostingRow, error) {
	rows, err := v.View.Entries(ctx, account, lowest, highest)
	return rows[:max(0, len(rows)-1)], err
}

type untombed struct{ ledger.View }

func (v untombed) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	rows, err := v.View.RecordsByKey(ctx, keys)
	return slices.DeleteFunc(rows, func(r ledger.RecordRow) bool { return r.Erased }), err
}

type greedy struct{ ledger.Store }

func (s greedy) Forget(ctx context.Context, id, through int64) error {
	return s.Store.Forget(ctx, id, through+1)
}

type neverMissing struct{ ledger.View }

func (v neverMissing) Hold(ctx context.Context, id string) (ledger.HoldState, error) {
	h, err := v.View.Hold(ctx, id)
	if err != nil {
		return ledger.HoldState{}, nil
	}
	return h, nil
}
