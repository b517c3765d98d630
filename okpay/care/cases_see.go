package care

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// SeeCase asks for a case as operators see it.
type SeeCase struct {
	By    OperatorID
	Why   string // 3 to 500 characters; for the audit
	Case  CaseID
	After int // the Nth of the last entry of the log seen
	Limit int // entries, 1 to 100, 20 unless told
}

// SeenCase is a case as operators see it. What the account has is not part of it, see Callers.
type SeenCase struct {
	Case
	CaseWork
	Log  []Entry `json:"log"` // with notes, the oldest first
	More bool    `json:"more,omitempty"`
}

// See shows a case with its notes and clocks to an operator. That it was looked at, and why,
// stands in the audit. Errors, the first that applies: InvalidRequest, PermissionDenied, NotFound,
// SelfApprovalForbidden for the operator's own account.
func (s *Cases) See(ctx context.Context, in SeeCase) (SeenCase, error) {
	k, err := s.looked(ctx, in, "case.see", nil)
	if err != nil {
		return SeenCase{}, err
	}
	out := SeenCase{Case: k.Case, CaseWork: k.CaseWork}
	out.Log, out.More, err = s.entries(ctx, in.Case, entryLabel(in.Case), in.After, in.Limit)
	return out, err
}

// SeeFile returns an attachment of a case, a note's among them, to an operator, and its content.
// Errors as for See, and as for File.
func (s *Cases) SeeFile(ctx context.Context, in SeeCase, file string) (File, []byte, error) {
	if err := okpay.CheckID("file", file); err != nil {
		return File{}, nil, err
	}
	if _, err := s.looked(ctx, in, "case.see_file", map[string]string{"file": file}); err != nil {
		return File{}, nil, err
	}
	return s.file(ctx, in.Case, entryLabel(in.Case), file)
}

// looked commits that an operator looks at a case.
func (s *Cases) looked(ctx context.Context, in SeeCase, action string, facts map[string]string) (*caseDoc, error) {
	if err := okpay.CheckID("case", string(in.Case)); err != nil {
		return nil, err
	}
	a := deed{
		by: in.By, why: in.Why, may: MaySeeCases, action: action, object: string(in.Case),
		request: []ledger.Field{{Name: "file", Value: facts["file"]}},
	}
	var seen *caseDoc
	_, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		k, told, err := s.load(d, in.Case)
		if err != nil {
			return err
		}
		seen, entry.Customer, entry.Facts = k, k.Case.Customer, facts
		if err := s.c.notOwn(d, by, k.Case.Customer); err != nil || len(told) == 0 {
			return err
		}
		return s.write(d, k, told...)
	})
	return seen, err
}
