package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/okpay/okpay-go/ledger/money"
)

// Page is a part of a list.
type Page[T any] struct {
	Data []T
	// NextCursor continues the list behind this page; "" means that this was the last. A
	// cursor means nothing but that: keep it as it is, and only for the same list.
	NextCursor string
}

// allLimit is how many objects the All methods ask for at once, which is the most there is.
const allLimit = 100

// pageQuery writes what all lists have in common.
func pageQuery(cursor string, limit int) url.Values {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// pageOf makes a reader of pages out of one of objects.
func pageOf[T any](decode decodeFunc[T]) decodeFunc[Page[T]] {
	return func(data []byte, currencies *money.Registry) (Page[T], error) {
		r := reader{currencies: currencies}
		var w struct {
			Data       []json.RawMessage `json:"data"`
			NextCursor string            `json:"next_cursor"`
		}
		r.object(data, &w)
		if w.Data == nil {
			r.fail(errNoData) // an empty list has an empty one
		}
		page := Page[T]{Data: make([]T, 0, len(w.Data)), NextCursor: w.NextCursor}
		for _, raw := range w.Data {
			object, err := decode(raw, currencies)
			if err != nil {
				r.fail(err)
				break
			}
			page.Data = append(page.Data, object)
		}
		return result(&r, page)
	}
}

// each reads the objects of an array; a missing one is wrong, and an empty one is not.
func each[T any](r *reader, items []json.RawMessage, decode decodeFunc[T]) []T {
	if items == nil {
		r.fail(errNoData)
	}
	out := make([]T, 0, len(items))
	for _, raw := range items {
		object, err := decode(raw, r.currencies)
		if err != nil {
			r.fail(err)
			break
		}
		out = append(out, object)
	}
	return out
}

// errCursorStands reports a list that would go on for ever.
var errCursorStands = errors.New("the next page is this one again")

// walk yields the objects of all pages, beginning at a cursor. Each range over it begins there
// again. An error is yielded once, with the zero object, and ends it.
func walk[T any](ctx context.Context, operation, cursor string, fetch func(cursor string) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for at := cursor; ; {
			page, err := fetch(at)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, object := range page.Data {
				if err := ctx.Err(); err != nil {
					yield(*new(T), err)
					return
				}
				if !yield(object, nil) {
					return
				}
			}
			if page.NextCursor == "" {
				return
			}
			if page.NextCursor == at {
				yield(*new(T), &ResponseError{Operation: operation, Status: http.StatusOK, Err: errCursorStands})
				return
			}
			at = page.NextCursor
		}
	}
}
