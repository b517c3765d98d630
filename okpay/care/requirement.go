package care

import (
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// RequirementKind says what a customer has to give.
type RequirementKind string

// The kinds of requirements.
const (
	Document RequirementKind = "document" // copies of a document
	Question RequirementKind = "question" // an answer in their own words
)

// Ask is a requirement that is to be made: what is asked of a customer.
type Ask struct {
	Kind RequirementKind `json:"kind"`
	Code string          `json:"code"` // what exactly, such as identity_document; customers are told
}

// RequirementState is where a requirement is in its life.
type RequirementState string

// The states of requirements.
const (
	RequirementDue       RequirementState = "due"       // the customer's turn: submit leads to submitted
	RequirementSubmitted RequirementState = "submitted" // ours: satisfied, or rejected
	RequirementSatisfied RequirementState = "satisfied" // done
	RequirementRejected  RequirementState = "rejected"  // the customer's turn again
)

func requirementMachine() okpay.Machine[RequirementState] {
	return okpay.Machine[RequirementState]{Noun: "requirement", Rows: []okpay.Row[RequirementState]{
		{On: "require", To: RequirementDue},
		{From: RequirementDue, On: "submit", To: RequirementSubmitted},
		{From: RequirementRejected, On: "submit", To: RequirementSubmitted},
		{From: RequirementSubmitted, On: "accept", To: RequirementSatisfied},
		{From: RequirementSubmitted, On: "reject", To: RequirementRejected},
	}}
}

// Requirement is something that a customer has to do before a restriction ends.
type Requirement struct {
	ID    string           `json:"id"` // "r1", "r2" and so on, within its restriction
	Kind  RequirementKind  `json:"kind"`
	Code  string           `json:"code"`
	State RequirementState `json:"state"`
	// Problem is why it was rejected, a code of RejectionCodes.
	Problem string `json:"problem,omitempty"`
}

// requirement is one with what was submitted for it.
type requirement struct {
	Requirement
	Documents []Evidence `json:"documents,omitempty"`
	Answer    string     `json:"answer,omitempty"`
	Tries     int        `json:"tries,omitempty"`
	At        time.Time  `json:"at,omitzero"` // of the last submission
	By        OperatorID `json:"by,omitempty"`
}

// customersTurn reports whether it waits for the customer.
func (r *requirement) customersTurn() bool {
	return r.State == RequirementDue || r.State == RequirementRejected
}

// RejectionCodes are why something that was submitted can be rejected.
func RejectionCodes() []string {
	return []string{"unreadable", "incomplete", "expired", "wrong_document", "name_differs", "not_accepted", "answer_insufficient"}
}

// Bounds of what is submitted.
const (
	MaxRequirements  = 10       // of one restriction
	MaxSubmissions   = 10       // of one requirement
	MaxEvidence      = 10       // documents of one submission or appeal
	MaxEvidenceBytes = 20 << 20 // of one document
	MaxAnswer        = 2000     // characters of an answer
)

// MediaTypes are those that documents may have.
func MediaTypes() []string {
	return []string{"application/pdf", "image/heic", "image/jpeg", "image/png", "image/webp"}
}

// Evidence is a document that the embedding program keeps.
type Evidence struct {
	// Reference is where: 1 to 200 letters, digits, '-', '_', '.' and '/', a clean relative path.
	Reference string `json:"reference"`
	SHA256    string `json:"sha256"` // of its bytes, 64 of 0-9 and a-f
	Size      int64  `json:"size"`   // bytes, at most MaxEvidenceBytes
	MediaType string `json:"media_type"`
}

// checkEvidence bounds documents. Errors: InvalidRequest.
func checkEvidence(field string, list []Evidence) error {
	if len(list) > MaxEvidence {
		return okpay.InvalidField(field, "are %d, want at most %d", len(list), MaxEvidence)
	}
	seen := map[string]bool{}
	for _, e := range list {
		digest, err := hex.DecodeString(e.SHA256)
		switch {
		case e.Reference == "" || len(e.Reference) > 200 || strings.ContainsFunc(e.Reference, notInReference) ||
			path.Clean("/"+e.Reference) != "/"+e.Reference:
			return okpay.InvalidField(field, "have a reference that is no clean path")
		case err != nil || len(digest) != 32 || strings.ToLower(e.SHA256) != e.SHA256:
			return okpay.InvalidField(field, "have a SHA-256 that is none")
		case e.Size < 1 || e.Size > MaxEvidenceBytes:
			return okpay.InvalidField(field, "have a document of %d bytes, want 1 to %d", e.Size, MaxEvidenceBytes)
		case !slices.Contains(MediaTypes(), e.MediaType):
			return okpay.InvalidField(field, "have a media type that is not taken")
		case seen[e.SHA256]:
			return okpay.InvalidField(field, "have one document twice")
		}
		seen[e.SHA256] = true
	}
	return nil
}

func notInReference(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./", r))
}

// checkAsks bounds what is asked of a customer. Errors: InvalidRequest.
func checkAsks(list []Ask) error {
	if len(list) > MaxRequirements {
		return okpay.InvalidField("requirements", "are %d, want at most %d", len(list), MaxRequirements)
	}
	for _, a := range list {
		if a.Kind != Document && a.Kind != Question || !isCode(a.Code) {
			return okpay.InvalidField("requirements", "have a kind or code that is none")
		}
	}
	return nil
}
