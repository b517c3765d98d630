package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// ErrInvalidConfig is returned by New for a Config that cannot be served.
var ErrInvalidConfig = errors.New("httpapi: invalid configuration")

// Config says what a handler serves.
type Config struct {
	// Test and Live are the wallets behind keys of the two modes. Either may be nil: then
	// keys of its mode are answered with 401. At least one is needed, and each must have
	// the mode of its field.
	Test, Live *okpay.Wallet

	// Logger gets one line for each request, and nothing secret. Defaults to discarding.
	Logger *slog.Logger

	// Rand is the source of request ids. It is read under a lock. Defaults to crypto/rand.
	Rand io.Reader

	// Now is the clock that the logged durations are taken from; what the wallets write
	// down is theirs. Defaults to time.Now.
	Now func() time.Time
}

func (c *Config) setDefaults() error {
	switch {
	case c.Test == nil && c.Live == nil:
		return fmt.Errorf("%w: neither Test nor Live is set", ErrInvalidConfig)
	case c.Test != nil && c.Test.Mode() != okpay.Test:
		return fmt.Errorf("%w: the wallet in Test has the mode %q", ErrInvalidConfig, c.Test.Mode())
	case c.Live != nil && c.Live.Mode() != okpay.Live:
		return fmt.Errorf("%w: the wallet in Live has the mode %q", ErrInvalidConfig, c.Live.Mode())
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// New returns a handler that serves everything under /v1 and answers 404 to the rest, so
// that it can stand at "/" or at "/v1/" of a larger one. It is safe for concurrent use.
// Errors: ErrInvalidConfig.
func New(cfg Config) (http.Handler, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	h := &handler{cfg: cfg, mux: http.NewServeMux(), document: newDocument()}
	h.register(h.routes())
	return h, nil
}

type handler struct {
	cfg      Config
	mux      *http.ServeMux
	document *document
	randMu   sync.Mutex
}

// register puts the routes into the mux, and beside each path what other methods get.
func (h *handler) register(routes []route) {
	allowed := make(map[string][]string)
	for _, rt := range routes {
		h.mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) {
			x := w.(*exchange)
			x.route, x.moves = rt.path, rt.method != http.MethodGet
			out, err := h.call(x, r, &rt)
			x.answer(r.Context(), out, err)
		})
		allowed[rt.path] = append(allowed[rt.path], rt.method)
		if rt.method == http.MethodGet { // the mux gives HEAD to GET
			allowed[rt.path] = append(allowed[rt.path], http.MethodHead)
		}
	}
	for p, methods := range allowed {
		h.mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			x := w.(*exchange)
			x.route = p
			x.Header().Set("Allow", strings.Join(methods, ", "))
			x.answer(r.Context(), reply{}, &statusError{
				invalid("", "this path allows only %s", strings.Join(methods, ", ")), http.StatusMethodNotAllowed,
			})
		})
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.(*exchange).answer(r.Context(), reply{}, refuse(okpay.NotFound, "", "there is nothing at this path"))
	})
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.cfg.Now()
	x := &exchange{ResponseWriter: w, requestID: h.requestID()}
	x.Header().Set("Request-Id", x.requestID)
	x.Header().Set("X-Content-Type-Options", "nosniff")
	defer func() { h.log(x, r, h.cfg.Now().Sub(start)) }()
	defer x.rescue(r.Context())

	// The mux would redirect a path that is not in its shortest form, with a page in HTML.
	if p := r.URL.EscapedPath(); !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		x.answer(r.Context(), reply{}, refuse(okpay.NotFound, "", "there is nothing at this path"))
		return
	}
	h.mux.ServeHTTP(x, r)
}

// requestID makes a new id for each request. One that the caller sends is ignored: two
// requests could then share it.
func (h *handler) requestID() string {
	h.randMu.Lock()
	defer h.randMu.Unlock()
	var b [16]byte
	// A source that fails makes ids that repeat, which spoils a log and not a payment.
	_, _ = io.ReadFull(h.cfg.Rand, b[:])
	return "req_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

func (h *handler) log(x *exchange, r *http.Request, took time.Duration) {
	level := slog.LevelInfo
	if x.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.requestID), slog.String("method", knownMethod(r.Method)), slog.String("route", x.route),
		slog.Int("status", x.status), slog.Duration("duration", took),
	}
	for _, a := range []struct{ name, value string }{
		{"mode", string(x.mode)},
		{"merchant", string(x.merchant)},
		{"key", string(x.key)},
		{"code", string(x.code)},
		{"error", redact(x.cause)},
		{"stack", redact(x.stack)},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.name, a.value))
		}
	}
	// The request's context may have ended, and its end is worth a line all the same.
	h.cfg.Logger.LogAttrs(context.WithoutCancel(r.Context()), level, "httpapi: request", attrs...)
}

// knownMethod keeps what a caller invents out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "other"
}

// exchange is the ResponseWriter of one request, with what its log line tells.
type exchange struct {
	http.ResponseWriter
	requestID string
	route     string
	moves     bool // it is to change something
	mode      okpay.Mode
	merchant  okpay.MerchantID
	key       okpay.KeyID
	status    int // 0 until something was written
	code      okpay.Code
	cause     string // of a failure of ours
	stack     string
}

// rescue turns a panic into a problem, or ends the connection when it is too late for one.
func (x *exchange) rescue(ctx context.Context) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	late := x.status != 0
	if !late {
		x.answer(ctx, reply{}, fmt.Errorf("panic: %v", v))
	}
	x.status, x.cause, x.stack = http.StatusInternalServerError, fmt.Sprintf("panic: %v", v), string(debug.Stack())
	if late {
		panic(http.ErrAbortHandler)
	}
}
