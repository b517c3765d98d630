package ledgertest_test

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// stager makes a store a ledger.Stager by keeping what is staged aside. Its fields break it.
type stager struct {
	ledger.Store
	early  bool // what is staged is there at once
	kept   bool // what is staged stays
	lost   bool // what is staged is not committed
	unseen bool // ids that are there are not seen
}

// brokenStagers are ways in which staging could go wrong.
var brokenStagers = []broken{
	{"what is staged is seen", contract, func(s ledger.Store) ledger.Store { return &stager{Store: s, early: true} }},
	{"what was staged stays when it is dropped", contract, func(s ledger.Store) ledger.Store { return &stager{Store: s, kept: true} }},
	{"what was staged is not committed", contract, func(s ledger.Store) ledger.Store { return &stager{Store: s, lost: true} }},
	{"a used id is staged", contract, func(s ledger.Store) ledger.Store { return &stager{Store: s, unseen: true} }},
}

func (s *stager) Stage(ctx context.Context, id int64, batch *ledger.Batch) (ledger.Staged, error) {
	if s.early {
		written := make(chan error, 1)
		go func() { written <- s.write(context.WithoutCancel(ctx), id, batch) }()
		select {
		case <-written:
		case <-time.After(10 * time.Millisecond): // somebody has the head, and nobody may wait for it
		}
	}
	return &staged{s, id, batch}, nil
}

func (s *stager) write(ctx context.Context, id int64, batch *ledger.Batch) error {
	tx, _, err := s.Store.Begin(ctx, id, ledger.Need{})
	if err != nil {
		return err
	}
	return tx.Commit(ctx, batch)
}

type staged struct {
	store *stager
	id    int64
	batch *ledger.Batch
}

func (t *staged) Begin(ctx context.Context, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	tx, found, err := t.store.Store.Begin(soon, t.id, need)
	if errors.Is(err, context.DeadlineExceeded) {
		err = ledger.ErrRetry
	}
	if err != nil {
		return nil, nil, err
	}
	var ids ledger.Need
	for i := range t.batch.Changes {
		ids.Changes = append(ids.Changes, t.batch.Changes[i].ID)
	}
	taken, err := tx.Load(ctx, ids)
	if err == nil && len(taken.Changes) > 0 && !t.store.unseen {
		err = errors.New("an id is taken")
	}
	if err != nil {
		return nil, nil, errors.Join(err, tx.Rollback(ctx))
	}
	if t.store.lost {
		tx = &lossy{tx}
	}
	return tx, found, nil
}

func (t *staged) Rollback(ctx context.Context) error {
	if t.store.kept {
		return t.store.write(ctx, t.id, t.batch)
	}
	return nil
}

type lossy struct{ ledger.Tx }

func (t *lossy) Commit(ctx context.Context, batch *ledger.Batch) error {
	rest := *batch
	rest.Changes, rest.Postings = nil, nil
	return t.Tx.Commit(ctx, &rest)
}
