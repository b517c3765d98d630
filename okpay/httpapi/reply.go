package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
)

// reply is what an operation answers with, unless it fails.
type reply struct {
	status   int
	body     any    // a file or stream, or what is written as JSON; nil for none
	location string // path of what was created
	replayed bool   // the Idempotency-Key had been used before
}

// list is a whole list.
type list[T any] struct {
	Data []T `json:"data"`
}

// page is a part of a list. A list without anything in it is [] and not null.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor"` // null on the last page
}

// paged makes the reply of a list; next is the position of the page that follows, empty
// when there is none.
func paged[T any](of listing, items []T, next string) reply {
	p := page[T]{Data: append([]T{}, items...)}
	if next != "" {
		cursor := of.cursor(next)
		p.NextCursor = &cursor
	}
	return reply{status: http.StatusOK, body: p}
}

// answer writes a reply or, when there is an error, the problem that it is.
func (x *exchange) answer(ctx context.Context, out reply, err error) {
	header := x.Header()
	if out.replayed {
		header.Set("Idempotency-Replayed", "true")
	}
	if err != nil {
		p, cause := problemOf(ctx, err, x.moves)
		p.RequestID = x.requestID
		x.code, x.cause = p.Code, cause
		switch p.Status {
		case http.StatusUnauthorized:
			header.Set("WWW-Authenticate", "Bearer")
		case http.StatusServiceUnavailable:
			header.Set("Retry-After", "1")
		}
		x.writeJSON(p.Status, "application/problem+json", p)
		return
	}
	if out.location != "" {
		header.Set("Location", out.location)
	}
	if out.body == nil {
		header.Set("Cache-Control", "no-store")
		x.WriteHeader(out.status)
		return
	}
	switch body := out.body.(type) {
	case file:
		body.write(x, out.status)
	case stream:
		x.stream(ctx, body, out.status)
	default:
		x.writeJSON(out.status, "application/json", out.body)
	}
}

func (x *exchange) writeJSON(status int, contentType string, body any) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // nothing is written yet, so that rescue answers
	}
	x.Header().Set("Cache-Control", "no-store")
	x.writeBytes(status, contentType, b.Bytes())
}

func (x *exchange) writeBytes(status int, contentType string, body []byte) {
	x.Header().Set("Content-Type", contentType)
	x.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.WriteHeader(status)
	// A caller that has gone away is none of the service's business.
	_, _ = x.Write(body)
}

// WriteHeader remembers the status for the log.
func (x *exchange) WriteHeader(status int) {
	x.status = status
	x.ResponseWriter.WriteHeader(status)
}
