package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// DefaultMaxBody is the longest body in bytes that a [Handler] reads by default.
const DefaultMaxBody = 1 << 20

const (
	// storeTimeout bounds Done and Forget, which run to their end even when the
	// sender has hung up: otherwise a message would stay claimed.
	storeTimeout = 5 * time.Second
	// takenRetryAfter is what a sender is told to wait, in seconds, while another
	// delivery of its message is being handled.
	takenRetryAfter = 5
)

// Errors that a [Handler] reports to [HandlerConfig.OnError] besides those of
// [Verifier.Verify] and of the receiving function.
var (
	// ErrMethod reports a request that is no POST.
	ErrMethod = errors.New("webhook: method not allowed")
	// ErrBodyTooLarge reports a body longer than [HandlerConfig.MaxBody].
	ErrBodyTooLarge = errors.New("webhook: body too large")
	// ErrBodyUnreadable reports a body that ended early or could not be read.
	ErrBodyUnreadable = errors.New("webhook: body could not be read")
	// ErrInProgress reports a delivery refused because another one of the same
	// message was being handled.
	ErrInProgress = errors.New("webhook: message is being handled")
	// ErrSeen reports a failure of the [Seen] store, which is wrapped too.
	ErrSeen = errors.New("webhook: store of seen messages failed")
)

// HandlerConfig sets up a [Handler]. The zero value works.
type HandlerConfig struct {
	// Seen remembers the messages that were handled. Defaults to a new
	// [MemorySeen], which several processes do not share.
	Seen Seen
	// MaxBody is the longest body in bytes that is read. Zero or less means the
	// default. Defaults to [DefaultMaxBody].
	MaxBody int64
	// OnError is told why a request was not answered 204, and of every failure
	// of the store. It is called before the answer is sent and must not read the
	// request's body. It is not told of a panic, which the server reports.
	// Defaults to nothing.
	OnError func(r *http.Request, err error)
}

// Handler receives messages over HTTP. It answers
//
//   - 405 with Allow unless the method is POST;
//   - 413 when the body is too long;
//   - 400 when the body cannot be read or the message cannot be verified, the
//     same for every reason, so that a stranger learns nothing;
//   - 204 when the message was handled, now or before;
//   - 409 with Retry-After while another delivery of it is being handled;
//   - 500 when the function or the store failed, so that the sender tries again.
//
// The first that applies is the answer. All but 204 carry a problem document
// (RFC 9457) that tells nothing of the keys, the message or the error.
//
// A panic in the function is not swallowed: the message is forgotten, so that it
// is delivered again, 500 is sent, and the panic goes on to the server, which
// for net/http logs it with its stack and closes the connection.
//
// How long a client may take to send its request is the server's to bound
// (http.Server.ReadTimeout).
type Handler struct {
	verifier *Verifier
	receive  func(context.Context, Message) error
	seen     Seen
	maxBody  int64
	onError  func(*http.Request, error)
}

// NewHandler returns a handler that calls receive for each message that is
// authentic and new, from the request's goroutine and with its context, which
// ends when the sender hangs up. When receive returns nil the message is done
// and not handled again; when it returns an error the sender will deliver it
// again. A message that receive does not care for is one to return nil for.
//
// NewHandler panics when verifier or receive is nil, as that is a mistake in the
// program.
func NewHandler(verifier *Verifier, receive func(context.Context, Message) error, config HandlerConfig) *Handler {
	if verifier == nil || receive == nil {
		panic("webhook: NewHandler needs a verifier and a function")
	}
	h := &Handler{
		verifier: verifier,
		receive:  receive,
		seen:     config.Seen,
		maxBody:  config.MaxBody,
		onError:  config.OnError,
	}
	if h.seen == nil {
		h.seen = NewMemorySeen(MemorySeenConfig{})
	}
	if h.maxBody <= 0 {
		h.maxBody = DefaultMaxBody
	}
	if h.onError == nil {
		h.onError = func(*http.Request, error) {}
	}
	return h
}

// ServeHTTP receives one message.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(w, r, http.StatusMethodNotAllowed, "Webhooks are delivered with POST.", ErrMethod)
		return
	}
	body, err := h.readBody(w, r)
	if errors.Is(err, ErrBodyTooLarge) {
		h.refuse(w, r, http.StatusRequestEntityTooLarge, "The body is too large.", err)
		return
	}
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, "The body could not be read.", err)
		return
	}
	message, err := h.verifier.Verify(r.Header, body)
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, "The message could not be verified.", err)
		return
	}
	claim, err := h.seen.Begin(r.Context(), message.ID)
	if err == nil && (claim < ClaimGranted || claim > ClaimDone) {
		err = errors.New("it answered a claim with neither yes nor no")
	}
	if err != nil {
		h.refuse(w, r, http.StatusInternalServerError, failedDetail, fmt.Errorf("%w: %w", ErrSeen, err))
		return
	}
	switch claim {
	case ClaimDone:
		w.WriteHeader(http.StatusNoContent)
	case ClaimTaken:
		w.Header().Set("Retry-After", strconv.Itoa(takenRetryAfter))
		h.refuse(w, r, http.StatusConflict, "Another delivery of this message is being handled.", ErrInProgress)
	case ClaimGranted:
		h.handle(w, r, message)
	}
}

const failedDetail = "The message could not be handled. Deliver it again later."

// handle calls the function for a message that this request has claimed.
func (h *Handler) handle(w http.ResponseWriter, r *http.Request, message Message) {
	returned := false
	defer func() {
		if returned {
			return
		}
		// The function panicked or ended its goroutine. Nothing is recovered
		// here, so that the server reports the panic with its own stack. It will
		// then drop the connection: the answer must be flushed, and the sender be
		// told not to send the next message on it.
		if err := h.settle(r.Context(), message.ID, h.seen.Forget); err != nil {
			h.onError(r, err)
		}
		w.Header().Set("Connection", "close")
		writeProblem(w, http.StatusInternalServerError, failedDetail)
		_ = http.NewResponseController(w).Flush()
	}()
	err := h.receive(r.Context(), message)
	returned = true
	if err != nil {
		if forgetErr := h.settle(r.Context(), message.ID, h.seen.Forget); forgetErr != nil {
			err = errors.Join(err, forgetErr)
		}
		h.refuse(w, r, http.StatusInternalServerError, failedDetail, err)
		return
	}
	if err := h.settle(r.Context(), message.ID, h.seen.Done); err != nil {
		// It was handled all the same: asking for it again would be the surest
		// way to handle it twice.
		h.onError(r, err)
	}
	w.WriteHeader(http.StatusNoContent)
}

// settle ends a claim, whether or not the sender is still there.
func (h *Handler) settle(ctx context.Context, id string, end func(context.Context, string) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := end(ctx, id); err != nil {
		return fmt.Errorf("%w: %w", ErrSeen, err)
	}
	return nil
}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > h.maxBody {
		return nil, ErrBodyTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, ErrBodyTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBodyUnreadable, err)
	}
	return body, nil
}

// refuse reports the error to the owner and a bare problem to the client.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, detail string, err error) {
	h.onError(r, err)
	writeProblem(w, status, detail)
}

// problem is a problem document of RFC 9457 with the type about:blank, which
// means that the status says it all.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	// Two strings and a number always encode.
	body, _ := json.Marshal(problem{http.StatusText(status), status, detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
