package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// csvType is the type of files with lines (RFC 4180).
const csvType = "text/csv; charset=utf-8"

// stream is a reply that is written while it is read, since nobody knows how long it is.
type stream struct {
	contentType string
	write       func(context.Context, io.Writer) error
}

// streamWriter sends the headers of a stream with its first bytes: what goes wrong before is
// still answered with a problem.
type streamWriter struct {
	x           *exchange
	contentType string
	status      int
}

func (w *streamWriter) begin() {
	if w.x.status != 0 {
		return
	}
	w.x.Header().Set("Content-Type", w.contentType)
	w.x.Header().Set("Cache-Control", "no-store")
	w.x.WriteHeader(w.status)
}

// Write sends a part.
func (w *streamWriter) Write(p []byte) (int, error) {
	w.begin()
	return w.x.Write(p)
}

// stream writes a stream. One that fails in the middle ends the connection, so that it can not be
// taken for a whole one.
func (x *exchange) stream(ctx context.Context, s stream, status int) {
	w := &streamWriter{x, s.contentType, status}
	err := s.write(ctx, w)
	switch {
	case err == nil:
		w.begin() // an empty one
	case x.status == 0:
		x.answer(ctx, reply{}, err)
	case ctx.Err() != nil: // the caller has gone away, which is none of the service's business
		panic(http.ErrAbortHandler)
	default:
		panic(fmt.Errorf("a file was cut off: %w", err)) // rescue logs it and ends the connection
	}
}
