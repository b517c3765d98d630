package identity

import "github.com/okpay/okpay-go/okpay"

// VerificationState is where a verification of identity is in its life.
type VerificationState string

const (
	// CodeSent: a code is under way to a contact.
	CodeSent VerificationState = "code_sent"
	// PossessionProven: the code was right. A verification is here within a Change only.
	PossessionProven VerificationState = "proof1"
	// SecondDue: the purpose asks for a second, independent proof.
	SecondDue VerificationState = "second_due"
	// Verified: there is a proof, good once and for its purpose.
	Verified VerificationState = "verified"
	// VerificationDone: the proof was used. Final.
	VerificationDone VerificationState = "done"
	// VerificationFailed: too many answers were wrong. Final.
	VerificationFailed VerificationState = "failed"
	// VerificationExpired: its time is over. Final.
	VerificationExpired VerificationState = "expired"
)

// What happens to a verification.
const (
	Start       okpay.Action = "start"
	Resend      okpay.Action = "resend"
	ProveFirst  okpay.Action = "prove"        // with the code
	AskSecond   okpay.Action = "ask_second"   // as the policy has it
	Satisfy     okpay.Action = "satisfy"      // the policy asks for no more
	SendAnother okpay.Action = "send_second"  // a code to a second contact
	ProveOther  okpay.Action = "prove_second" // with whatever was asked for
	Consume     okpay.Action = "consume"      // the proof is used
	Expire      okpay.Action = "expire"
)

const (
	answerWrong okpay.Guard = "the answer is wrong"
	answerLast  okpay.Guard = "the last answer is wrong"
)

// VerificationMachine is the table of verifications.
func VerificationMachine() okpay.Machine[VerificationState] {
	var (
		code   = []string{"verification_code"}
		failed = []string{"verification.failed"}
		over   = []string{"verification.expired"}
	)
	return okpay.Machine[VerificationState]{Noun: "verification", Rows: []okpay.Row[VerificationState]{
		{On: Start, To: CodeSent, Emits: []string{"verification.started"}, Mails: code},
		{From: CodeSent, On: Resend, To: CodeSent, Emits: []string{"verification.resent"}, Mails: code},
		{From: CodeSent, On: ProveFirst, Guard: answerWrong, To: CodeSent},
		{From: CodeSent, On: ProveFirst, Guard: answerLast, To: VerificationFailed, Emits: failed, Mails: []string{"verification_failed"}},
		{From: CodeSent, On: ProveFirst, To: PossessionProven, Emits: []string{"verification.possession_proven"}},
		{From: PossessionProven, On: AskSecond, To: SecondDue, Emits: []string{"verification.second_due"}},
		{From: PossessionProven, On: Satisfy, To: Verified, Emits: []string{"verification.verified"}},
		{From: SecondDue, On: SendAnother, To: SecondDue, Emits: []string{"verification.resent"}, Mails: code},
		{From: SecondDue, On: ProveOther, Guard: answerWrong, To: SecondDue},
		{From: SecondDue, On: ProveOther, Guard: answerLast, To: VerificationFailed, Emits: failed, Mails: []string{"verification_failed"}},
		{From: SecondDue, On: ProveOther, To: Verified, Emits: []string{"verification.verified"}},
		{From: Verified, On: Consume, To: VerificationDone, Emits: []string{"verification.consumed"}},
		{From: CodeSent, On: Expire, To: VerificationExpired, Emits: over},
		{From: SecondDue, On: Expire, To: VerificationExpired, Emits: over},
		{From: Verified, On: Expire, To: VerificationExpired, Emits: over},
	}}
}
