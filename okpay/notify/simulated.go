package notify

import (
	"context"
	"slices"
	"strconv"
	"sync"
)

// Simulated sends nothing and remembers what it was given: a Mailer, Texter and Pusher for trying
// things out. The zero value takes everything. It may be used from any number of goroutines.
type Simulated struct {
	// Answer, if it is set, says what comes of each attempt, by the medium, the ID and the
	// recipient; for push that is the customer.
	Answer func(by Medium, id, to string) error

	mu     sync.Mutex
	mails  []Mail
	texts  []SMS
	pushes []Push
	taken  int
}

func (s *Simulated) answer(by Medium, id, to string, keep func()) (Receipt, error) {
	if s.Answer != nil {
		if err := s.Answer(by, id, to); err != nil {
			return Receipt{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keep()
	s.taken++
	return Receipt{ID: "sim" + strconv.Itoa(s.taken)}, nil
}

// Mail takes an e-mail.
func (s *Simulated) Mail(_ context.Context, m Mail) (Receipt, error) {
	return s.answer(ByEmail, m.ID, m.To, func() { s.mails = append(s.mails, m) })
}

// Text takes a text message.
func (s *Simulated) Text(_ context.Context, m SMS) (Receipt, error) {
	return s.answer(BySMS, m.ID, m.To, func() { s.texts = append(s.texts, m) })
}

// Push takes a notification.
func (s *Simulated) Push(_ context.Context, p Push) (Receipt, error) {
	return s.answer(ByPush, p.ID, string(p.Customer), func() { s.pushes = append(s.pushes, p) })
}

// Mails are the e-mails that were taken, in order.
func (s *Simulated) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Texts are the text messages that were taken, in order.
func (s *Simulated) Texts() []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// Pushes are the notifications that were taken, in order.
func (s *Simulated) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pushes)
}
