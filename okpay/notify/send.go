package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Medium is how a message goes out.
type Medium string

// The media.
const (
	ByEmail Medium = "email"
	BySMS   Medium = "sms"
	ByPush  Medium = "push"
)

// SendState is where a send is in its life.
type SendState string

const (
	// SendQueued waits for its turn, or for the next attempt.
	SendQueued SendState = "queued"
	// SendSending was begun: the provider has been called or is about to be.
	SendSending SendState = "sending"
	// SendSent was taken by the provider.
	SendSent SendState = "sent"
	// SendDelivered was delivered, as the provider says.
	SendDelivered SendState = "delivered"
	// SendBounced came back. Final.
	SendBounced SendState = "bounced"
	// SendFailed was refused for good, or tried for too long. Final.
	SendFailed SendState = "failed"
	// SendDropped was not sent: what it told of was over, or nobody was there to be told. Final.
	SendDropped SendState = "dropped"
)

const (
	queueSend   okpay.Action = "queue"
	claimSend   okpay.Action = "claim"
	acceptSend  okpay.Action = "accept" // the provider took it
	deferSend   okpay.Action = "defer"  // it did not, and may later
	refuseSend  okpay.Action = "refuse" // it will not
	loseSend    okpay.Action = "lose"   // whoever was sending it never said what came of it
	dropSend    okpay.Action = "drop"
	deliverSend okpay.Action = "deliver"
	bounceSend  okpay.Action = "bounce"
)

// tooLate is the guard of what has been tried for too long.
const tooLate okpay.Guard = "it was tried for long enough"

// SendMachine is the table of sends.
func SendMachine() okpay.Machine[SendState] {
	failed := []string{"send.failed"}
	bounced := []string{"send.bounced"}
	return okpay.Machine[SendState]{Noun: "send", Rows: []okpay.Row[SendState]{
		{To: SendQueued, On: queueSend},
		{From: SendQueued, On: claimSend, To: SendSending},
		{From: SendQueued, On: claimSend, Guard: tooLate, To: SendFailed, Emits: failed},
		{From: SendSending, On: acceptSend, To: SendSent},
		{From: SendSending, On: deferSend, To: SendQueued},
		{From: SendSending, On: refuseSend, To: SendFailed, Emits: failed},
		{From: SendSending, On: loseSend, To: SendQueued},
		{From: SendSending, On: dropSend, To: SendDropped},
		{From: SendSent, On: deliverSend, To: SendDelivered},
		// A bounce may come before the provider's answer is written down, or after that of a
		// process that died; then nothing is sent again.
		{From: SendQueued, On: bounceSend, To: SendBounced, Emits: bounced},
		{From: SendSending, On: bounceSend, To: SendBounced, Emits: bounced},
		{From: SendSent, On: bounceSend, To: SendBounced, Emits: bounced},
		{From: SendDelivered, On: bounceSend, To: SendBounced, Emits: bounced},
		{From: SendQueued, On: deliverSend, To: SendDelivered},
		{From: SendSending, On: deliverSend, To: SendDelivered},
	}}
}

// EventType is a type of event that this package announces.
type EventType struct{ Type, When string }

// Events are all of them.
func Events() []EventType {
	return []EventType{
		{"send.failed", "a message could not be sent by one way to one recipient"},
		{"send.bounced", "a message that was sent came back"},
	}
}

// Send is one message on its way to one recipient. Whom it goes to stands in the customer's
// contacts, or in the message.
type Send struct {
	ID        string           `json:"id"`
	Message   okpay.MessageID  `json:"message"`
	Customer  okpay.CustomerID `json:"customer,omitempty"`
	Medium    Medium           `json:"medium"`
	Contact   okpay.ContactID  `json:"contact,omitempty"`
	State     SendState        `json:"state"`
	Attempts  int              `json:"attempts,omitempty"`
	Reason    string           `json:"reason,omitempty"`   // of the last attempt that failed, or of its end; a code
	Provider  string           `json:"provider,omitempty"` // the provider's own id
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	Sequence  int64            `json:"sequence"`
}

// sendDoc is a send as its record keeps it.
type sendDoc struct {
	Send
	NextAt time.Time `json:"next_at,omitzero"` // of the next attempt, or when the present one counts as lost
	EndsAt time.Time `json:"ends_at"`          // when it is given up
	// Token makes the Message-ID one that nobody can guess: who knows it has seen the message, or
	// had it to deliver.
	Token string `json:"token"`
	// Only says that it goes to the message's own address.
	Only bool `json:"only,omitempty"`
}

func (s *sendDoc) Put() ledger.Put {
	put := ledger.Put{Type: "send", ID: s.ID, Chaining: ledger.Plain, Labels: []string{"m:" + string(s.Message)}}
	if s.Send.Customer != "" {
		put.Labels = append(put.Labels, "c:"+string(s.Send.Customer))
	}
	if s.Provider != "" {
		put.Labels = append(put.Labels, providerLabel(s.Medium, s.Provider))
	}
	put.Due = s.NextAt
	if s.over() {
		put.Due = s.UpdatedAt.Add(sendKept)
	}
	return put
}

// sendKept is how long a send that is over stays: bounces come late, and support looks up how a message was sent.
const sendKept = 90 * 24 * time.Hour

func (s *sendDoc) over() bool { return s.State != SendQueued && s.State != SendSending }

// View names no message's contents and nobody but the customer.
func (s *sendDoc) View() any { return s.Send }

func (s *sendDoc) Customer() okpay.CustomerID { return s.Send.Customer }

func (s *sendDoc) Counter() *int64 { return &s.Sequence }

// move takes it through the table.
func (s *sendDoc) move(d *okpay.Draft, on okpay.Action, g okpay.Guard) error {
	m, err := SendMachine().Move(&s.State, s.ID, on, g)
	if err != nil {
		return err
	}
	s.UpdatedAt = d.Now()
	return d.Write(s, m)
}

// messageID is the Message-ID, and the idempotency key for other providers: the same for each
// attempt.
func (s *sendDoc) messageID(domain string) string { return s.ID + "." + s.Token + "@" + domain }

// sendID is the id of the one send of a message by a medium to a recipient: making it twice is
// noticed. The recipient is the id of a contact, or "" where the message has its own address.
func sendID(m okpay.MessageID, by Medium, recipient okpay.ContactID) string {
	sum := sha256.Sum256([]byte(string(m) + "\n" + string(by) + "\n" + string(recipient)))
	return "snd_" + strings.TrimPrefix(string(m), "msg_") + "_" + hex.EncodeToString(sum[:5])
}

// providerLabel finds a send by what a provider calls it; what it is called may be anything.
func providerLabel(by Medium, id string) string {
	sum := sha256.Sum256([]byte(id))
	return "p:" + string(by) + ":" + hex.EncodeToString(sum[:16])
}

// wait is how long to wait after so many attempts: 15 s, doubling up to one hour, and a part of a
// fifth that differs from send to send.
func (s *sendDoc) wait() time.Duration {
	wait := 15 * time.Second << min(s.Attempts-1, 8)
	wait = min(wait, time.Hour)
	if s.Token == "" {
		return wait
	}
	return wait + wait*time.Duration(s.Token[0]%16)/80
}
