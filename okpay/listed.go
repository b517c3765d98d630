package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
)

// listed returns a page of objects, the newest first, and whether there are more. D is the
// document of their records, V what the outside sees of it.
func listed[D, V any](ctx context.Context, w *Wallet, q ledger.RecordQuery, view func(*D) (V, error)) (page []V, more bool, err error) {
	limit := pageSize(q.Limit)
	q.Limit, q.Desc = limit+1, true
	records, err := w.ledger.Records(ctx, q)
	if err != nil {
		return nil, false, translate(err)
	}
	more = len(records) > limit
	for _, r := range records[:min(limit, len(records))] {
		doc := new(D)
		if err := decodeRecord(q.Type, r.ID, r, nil, doc); err != nil {
			return nil, false, err
		}
		v, err := view(doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, v)
	}
	return page, more, nil
}
