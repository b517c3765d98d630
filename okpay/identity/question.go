package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/password"
)

const (
	minQuestions = 2
	maxQuestions = 5
	// questionTries is how often a customer's questions can be tried in questionWindow.
	questionTries  = 3
	questionWindow = 24 * time.Hour
)

// questionsDoc are a customer's security questions: their ids, and hashes of the answers.
type questionsDoc struct {
	Of      okpay.CustomerID `json:"customer"`
	Answers []answerHash     `json:"answers"`
	Tried   []time.Time      `json:"tried,omitempty"` // each counted before it was looked at
}

type answerHash struct {
	Question string `json:"question"`
	Hash     string `json:"hash"`
}

func (q *questionsDoc) put(d *okpay.Draft) {
	put := plain("questions", string(q.Of), q.Of)
	put.Content = encode(q)
	d.Put(put)
}

func (q *questionsDoc) ids() (ids []string) {
	for _, a := range q.Answers {
		ids = append(ids, a.Question)
	}
	return ids
}

// SetQuestions is the input of Identity.SetQuestions.
type SetQuestions struct {
	// Answers are 2 to 5 answers by the ids of the questions, 1 to 64 letters, digits, '_' and
	// '-'. None takes the questions away.
	Answers map[string]Secret
	Proof   Secret // of a step-up for ManageFactor
	Client  Client
}

// SetQuestions sets the security questions of the customer who acts, instead of those that were
// there. Answers are kept as slow hashes of what is left without case, punctuation and symbols.
//
// Errors, the first that applies: InvalidRequest, InvalidState unless Config.Questions,
// AuthenticationRequired, ServiceBusy, SessionEnded, AccountRestricted, AuthenticationFailed for
// the proof.
func (x *Identity) SetQuestions(ctx context.Context, in SetQuestions) error {
	if n := len(in.Answers); n != 0 && (n < minQuestions || n > maxQuestions) {
		return okpay.InvalidField("answers", "are %d, want %d to %d", n, minQuestions, maxQuestions)
	}
	if err := in.Client.check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for id, answer := range in.Answers {
		if err := okpay.CheckID("answers", id); err != nil {
			return err
		}
		text, err := password.NormalizeAnswer(answer.Reveal())
		switch {
		case err != nil:
			return okpay.InvalidField("answers", "have one with fewer than three letters or digits, or that is too long")
		case seen[text], text == strings.ToLower(id):
			return okpay.InvalidField("answers", "have one twice, or one that is its question")
		}
		seen[text] = true
	}
	if !x.cfg.Questions {
		return okpay.NewError(okpay.InvalidState, "security questions are off")
	}
	actor, _, err := x.actorOf(ctx)
	if err != nil {
		return err
	}
	q := &questionsDoc{Of: actor.Customer}
	for id, answer := range in.Answers {
		hash, err := x.hasher.HashAnswer(ctx, id, password.New(answer.Reveal()))
		if err != nil {
			return busy(err)
		}
		q.Answers = append(q.Answers, answerHash{id, hash})
	}
	slices.SortFunc(q.Answers, func(a, b answerHash) int { return strings.Compare(a.Question, b.Question) })
	_, err = x.doOwn(ctx, own{operation: "questions.set"}, func(d *okpay.Draft, s *sessionDoc) error {
		g, err := d.Gate(actor.Customer)
		switch {
		case err != nil:
			return err
		case !g.Allows(okpay.CanManage, d.Now()):
			return okpay.NewError(okpay.AccountRestricted, "credentials may not be changed at present")
		}
		if err := x.useStepUp(d, actor, ManageFactor, "", in.Proof); err != nil {
			return err
		}
		was := &questionsDoc{}
		if err := optional(d.Read("questions", string(actor.Customer), was)); err != nil {
			return err
		}
		q.Tried = was.Tried // a new set gives no new tries
		q.put(d)
		template := "questions_set"
		if len(q.Answers) == 0 {
			template = "questions_removed"
		}
		_, err = x.changed(d, actor.Customer, change{
			keep: s, hold: true, template: template, facts: with(in.Client.facts(), "at", stampOf(d.Now())),
			entry: okpay.AuditEntry{Actor: "c/" + string(actor.Customer), Action: "questions.set", Session: actor.Session, Facts: in.Client.facts()},
		})
		return err
	})
	return err
}

// secondQuestions has the answers to all of a customer's questions verified.
func (x *Identity) secondQuestions(ctx context.Context, in ProveSecond, settle func(*okpay.Draft) error) error {
	if !x.cfg.Questions || len(in.Answers) > maxQuestions {
		return wrong()
	}
	q := &questionsDoc{}
	_, err := x.reserveSecond(ctx, in, func(d *okpay.Draft, f *verificationDoc) error {
		*q = questionsDoc{}
		if err := d.Read("questions", string(f.Of), q); err != nil || len(q.Answers) == 0 {
			return wrong()
		}
		q.Tried = slices.DeleteFunc(q.Tried, func(t time.Time) bool { return !d.Now().Before(t.Add(questionWindow)) })
		if len(q.Tried) >= questionTries {
			return wrong()
		}
		q.Tried = append(q.Tried, d.Now())
		q.put(d)
		return nil
	})
	if err != nil {
		return err
	}
	right := len(in.Answers) == len(q.Answers)
	for _, a := range q.Answers { // all of them: which one was wrong is not told by time either
		ok, _, err := x.hasher.VerifyAnswer(ctx, a.Hash, a.Question, password.New(in.Answers[a.Question].Reveal()))
		var bad *password.Violation
		switch {
		case errors.Is(err, password.ErrAnswerTooShort), errors.As(err, &bad):
			ok = false
		case err != nil:
			return busy(err)
		}
		right = right && ok
	}
	if !right {
		return x.failSecond(ctx, in)
	}
	return x.ask(ctx, callerOf(ctx), string(in.ID), "verification.prove_second", func(d *okpay.Draft) error {
		was := &questionsDoc{}
		if err := d.Read("questions", string(q.Of), was); err != nil {
			return err
		}
		if !slices.Equal(was.Answers, q.Answers) {
			return wrong() // they were changed while these were looked at
		}
		return settle(d)
	})
}
