package mock

import (
	"net/http"
	"sync"
)

// requests knows which requests are under way, so that closing the server can wait for them:
// http.Server.Close does not. The zero value is ready.
type requests struct {
	mu     sync.Mutex
	closed bool
	under  sync.WaitGroup // those under way
}

// count returns a handler that counts the requests of another one.
func (r *requests) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !r.begin() {
			panic(http.ErrAbortHandler) // came over a connection that is being cut off
		}
		defer r.under.Done()
		next.ServeHTTP(w, request)
	})
}

func (r *requests) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.under.Add(1)
	}
	return !r.closed
}

// close refuses further requests and waits for those under way.
func (r *requests) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.under.Wait()
}
