package notify

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// Mail is an e-mail to one recipient.
type Mail struct {
	ID      string // the Message-ID without brackets; the same for each attempt of one send
	To      string // in its normal form, see okpay.NormalizeEmail
	Subject string // one line
	Plain   string
	HTML    string
	Locale  string // "en" or "zh-CN"
}

// Mailer sends e-mails. It may be used from any number of goroutines. An error that is no
// *Failure is taken as one that may pass.
type Mailer interface {
	Mail(ctx context.Context, m Mail) (Receipt, error)
}

// SMS is a text message to one recipient.
type SMS struct {
	ID   string // the same for each attempt of one send: a provider's idempotency key
	To   string // in the form of E.164
	Text string
	// Segments is how many short messages it takes on the air, see Segments.
	Segments int
}

// Texter sends text messages. What holds for a Mailer holds for it.
type Texter interface {
	Text(ctx context.Context, m SMS) (Receipt, error)
}

// Push is a notification for the devices on which a customer has the app. The embedding program
// knows them.
type Push struct {
	ID       string // the same for each attempt of one send
	Customer okpay.CustomerID
	Message  okpay.MessageID // to be opened in the message center
	Title    string
	Locale   string
}

// Pusher sends notifications. What holds for a Mailer holds for it.
type Pusher interface {
	Push(ctx context.Context, p Push) (Receipt, error)
}

// Receipt is what a provider says when it takes something.
type Receipt struct {
	ID string // the provider's own, by which it tells of bounces; may be empty
}

// Failure is why something could not be sent. Its text names nobody.
type Failure struct {
	Reason string // a code: small letters, digits and '_'
	// Permanent says that trying again is of no use.
	Permanent bool
	// Recipient says that the recipient is the reason: nothing else will arrive there either.
	Recipient bool
}

// Error is the reason.
func (f *Failure) Error() string { return "notify: " + f.Reason }
