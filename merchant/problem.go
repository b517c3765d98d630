package merchant

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// problem is a problem document (RFC 9457) as the service writes it. Its members are read one
// by one, so that a later form of one of them does not cost the others.
type problem struct {
	Type       json.RawMessage `json:"type"`
	Title      json.RawMessage `json:"title"`
	Status     json.RawMessage `json:"status"`
	Detail     json.RawMessage `json:"detail"`
	Code       json.RawMessage `json:"code"`
	Fault      json.RawMessage `json:"fault"`
	Retry      json.RawMessage `json:"retry"`
	NextAction json.RawMessage `json:"next_action"`
	Message    json.RawMessage `json:"message"`
	Field      json.RawMessage `json:"field,omitempty"`
	Limit      json.RawMessage `json:"limit,omitempty"`
	ResetsAt   json.RawMessage `json:"resets_at,omitempty"`
	Object     json.RawMessage `json:"object,omitempty"`
	RequestID  json.RawMessage `json:"request_id"`
}

// maxNextActions bounds a list from an answer.
const maxNextActions = 20

// parseProblem reads a refusal. It never fails: what is no problem document gives an Error
// that tells the status and the beginning of the text.
func parseProblem(response *http.Response, body []byte, currencies *money.Registry) *Error {
	e := &Error{
		Status: response.StatusCode, RetryAfter: retryAfter(response.Header),
		RequestID: clean(response.Header.Get(headerRequestID), maxName),
		Replayed:  response.Header.Get(headerReplayed) == "true",
	}
	var p problem
	if err := json.Unmarshal(body, &p); err == nil {
		e.Code = Code(text(p.Code, maxName))
	}
	if e.Code == "" {
		e.Detail = strangeBody(response, body)
		return e
	}
	e.Fault, e.Retry = Fault(text(p.Fault, maxName)), Retry(text(p.Retry, maxName))
	e.Detail, e.Field, e.Object = text(p.Detail, maxDetail), text(p.Field, maxName), text(p.Object, maxName)
	if id := text(p.RequestID, maxName); id != "" {
		e.RequestID = id
	}
	var actions []string
	if json.Unmarshal(p.NextAction, &actions) == nil {
		for _, action := range actions[:min(len(actions), maxNextActions)] {
			e.NextAction = append(e.NextAction, clean(action, maxName))
		}
	}
	var message Message
	if json.Unmarshal(p.Message, &message) == nil {
		e.Message = Message{En: clean(message.En, maxMessage), Zh: clean(message.Zh, maxMessage)}
	}
	if e.Message.En == "" {
		e.Message.En = text(p.Title, maxMessage)
	}
	var limit wireAmount
	if json.Unmarshal(p.Limit, &limit) == nil {
		e.Limit, _ = limit.resolve(currencies)
	}
	var resets time.Time
	if json.Unmarshal(p.ResetsAt, &resets) == nil {
		e.ResetsAt = resets
	}
	return e
}

// text reads a member that is a string; anything else is "".
func text(data json.RawMessage, limit int) string {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return ""
	}
	return clean(s, limit)
}

// excerpt is how much of a strange body is shown, in characters.
const excerpt = 200

// strangeBody describes an answer that is no problem document.
func strangeBody(response *http.Response, body []byte) string {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		kind = "unknown type"
	}
	description := fmt.Sprintf("not an answer of the service: %d bytes of %s", len(body), clean(kind, maxName))
	if response.StatusCode < http.StatusBadRequest {
		description = "a redirect, which is not followed"
	}
	if start := clean(string(body[:min(len(body), 4*excerpt)]), excerpt); start != "" {
		description += fmt.Sprintf(": %q", start)
	}
	return description
}
