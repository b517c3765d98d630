package okpay

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// ReconciliationID names the import of a statement.
type ReconciliationID string

// ReconciliationState is where an import is in its life.
type ReconciliationState string

// The states of an import.
const (
	// ReconciliationRunning has read the file once and is working on its rows, or was when a
	// program ended: importing the file again goes on. Leads to completed.
	ReconciliationRunning ReconciliationState = "running"
	// ReconciliationCompleted has worked on every row. Final.
	ReconciliationCompleted ReconciliationState = "completed"
)

const (
	importStatement Action = "import"
	completeImport  Action = "complete"
)

// On settlements, which have no states, see docs/reconciliation.md.
func reconciliationMachine() Machine[ReconciliationState] {
	return Machine[ReconciliationState]{Noun: "reconciliation", Rows: []Row[ReconciliationState]{
		{To: ReconciliationRunning, On: importStatement},
		{
			From: ReconciliationRunning, On: settleRow, Guard: cameIn, To: ReconciliationRunning, Emits: []string{"reconciliation.matched"},
			Posts: "Dr bank:nostro / Cr clearing:{provider} amount; Dr expense:provider / Cr bank:nostro cost",
		},
		{
			From: ReconciliationRunning, On: settleRow, Guard: wentOut, To: ReconciliationRunning, Emits: []string{"reconciliation.matched"},
			Posts: "Dr clearing:{provider} / Cr bank:nostro amount; Dr expense:provider / Cr bank:nostro cost",
		},
		{From: ReconciliationRunning, On: completeImport, To: ReconciliationCompleted, Emits: []string{"reconciliation.completed"}},
	}}
}

// Reconciliation is the report of the import of one statement.
type Reconciliation struct {
	ID       ReconciliationID    `json:"id"`
	Provider string              `json:"provider"`
	File     string              `json:"file"`           // SHA-256 of its bytes, in hexadecimal digits
	Name     string              `json:"name,omitempty"` // of the file, as it was told
	State    ReconciliationState `json:"state"`
	Through  time.Time           `json:"through,omitzero"` // until when the statement tells everything

	// Rows is how many the file has. When the import is completed it is Matched + Duplicate +
	// Mismatch + MissingHere.
	Rows        int `json:"rows"`
	Matched     int `json:"matched"`      // settled what the wallet knows
	Duplicate   int `json:"duplicate"`    // settled before, by an earlier statement: nothing was done
	Mismatch    int `json:"mismatch"`     // of an object, and not as the wallet knows it: an exception
	MissingHere int `json:"missing_here"` // of nothing that the wallet knows: an exception
	// MissingThere is how many objects should have stood on a statement by now: an exception
	// for each. They are no rows.
	MissingThere int `json:"missing_there"`

	// Sums are by currency, in the order of their codes.
	Sums []StatementSum `json:"sums"`

	CreatedAt   time.Time `json:"created_at"`
	CompletedAt time.Time `json:"completed_at,omitzero"`
	Sequence    int64     `json:"sequence"`

	// Replayed is set on what Import returns when the file had been imported to its end
	// before: nothing was done this time.
	Replayed bool `json:"-"`
}

// StatementSum adds up a statement in one currency. What is neither settled nor suspended was
// settled before.
type StatementSum struct {
	In        money.Amount `json:"in"`   // of all rows
	Out       money.Amount `json:"out"`  // of all rows
	Cost      money.Amount `json:"cost"` // of all rows that were no duplicates
	Settled   Turnover     `json:"settled"`
	Suspended Turnover     `json:"suspended"`
}

// Turnover is what went each way.
type Turnover struct {
	In  money.Amount `json:"in"`
	Out money.Amount `json:"out"`
}

// reconciliationDoc is a report as its record keeps it.
type reconciliationDoc struct {
	Reconciliation
	Done int       `json:"done"`           // rows that are worked on and counted: a beginning of the file
	Of   sums      `json:"of"`             // of the rows that are done
	Sums *struct{} `json:"sums,omitempty"` // made of Of
}

// sums are amounts in minor units by currency code.
type sums map[string]*sum

type sum struct {
	In, Out, Cost, SettledIn, SettledOut, SuspendedIn, SuspendedOut int64
}

func (s sums) of(currency string) *sum {
	if s[currency] == nil {
		s[currency] = &sum{}
	}
	return s[currency]
}

func (w *Wallet) reconciliation(r *reconciliationDoc) (Reconciliation, error) {
	out := r.Reconciliation
	codes := make([]string, 0, len(r.Of))
	for code := range r.Of {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	out.Sums = make([]StatementSum, 0, len(codes))
	for _, code := range codes {
		zero, err := w.restore(0, code)
		if err != nil {
			return Reconciliation{}, err
		}
		of := func(minor int64) money.Amount { return money.New(minor, zero.Currency()) }
		s := r.Of[code]
		out.Sums = append(out.Sums, StatementSum{
			In: of(s.In), Out: of(s.Out), Cost: of(s.Cost),
			Settled:   Turnover{of(s.SettledIn), of(s.SettledOut)},
			Suspended: Turnover{of(s.SuspendedIn), of(s.SuspendedOut)},
		})
	}
	return out, nil
}

func (r *reconciliationDoc) record() ledger.Put {
	return ledger.Put{
		Type: "reconciliation", ID: string(r.ID),
		Labels: []string{"p:" + r.Provider, "state:" + string(r.State), "p:" + r.Provider + ":" + string(r.State), "file:" + r.File},
	}
}

func (r *reconciliationDoc) view(w *Wallet) (any, error) { return w.reconciliation(r) }

func (r *reconciliationDoc) counter() *int64 { return &r.Sequence }

func (r *reconciliationDoc) parties() (MerchantID, CustomerID) { return "", "" }

// verdict is what became of a row. It is the Result of the Change that worked on it.
type verdict string

const (
	rowMatched     verdict = "matched"
	rowDuplicate   verdict = "duplicate"
	rowMismatch    verdict = "mismatch"
	rowMissingHere verdict = "missing_here"
)

// count adds a row to the report.
func (r *reconciliationDoc) count(row *rails.Row, v verdict) {
	s, in := r.Of.of(row.Amount.Currency().Code()), row.Direction == rails.In
	add := func(ifIn, ifOut *int64) {
		if in {
			*ifIn += row.Amount.Minor()
		} else {
			*ifOut += row.Amount.Minor()
		}
	}
	add(&s.In, &s.Out)
	if v != rowDuplicate {
		s.Cost += row.Cost.Minor()
	}
	switch v {
	case rowMatched:
		r.Matched++
		add(&s.SettledIn, &s.SettledOut)
	case rowDuplicate:
		r.Duplicate++
	case rowMismatch:
		r.Mismatch++
		add(&s.SuspendedIn, &s.SuspendedOut)
	default:
		r.MissingHere++
		add(&s.SuspendedIn, &s.SuspendedOut)
	}
}

// Reconciliations is the service that compares the wallet with the statements of banks and
// providers.
type Reconciliations struct {
	w      *Wallet
	atOnce int // how many rows are in memory, and are counted together
}

// Get returns the report of an import. While it is running, only the rows that are done are
// counted. Errors: NotFound.
func (s *Reconciliations) Get(ctx context.Context, id ReconciliationID) (Reconciliation, error) {
	if err := notWithActor(ctx); err != nil {
		return Reconciliation{}, err
	}
	doc, err := s.load(ctx, id)
	if err != nil {
		return Reconciliation{}, translate(err)
	}
	return s.w.reconciliation(doc)
}

func (s *Reconciliations) load(ctx context.Context, id ReconciliationID) (*reconciliationDoc, error) {
	doc := &reconciliationDoc{}
	return doc, s.w.get(ctx, "reconciliation", string(id), doc)
}

// ReconciliationQuery selects reports.
type ReconciliationQuery struct {
	Provider string              // only those of this provider
	State    ReconciliationState // only those in this state
	File     string              // only that of the file with this SHA-256; not together with others
	After    ReconciliationID    // continue after this one
	Limit    int                 // 1 to 100, 20 unless told
}

// List returns a page of reports, the newest first, and whether there are more. Errors:
// InvalidRequest for a query with File and another condition.
func (s *Reconciliations) List(ctx context.Context, in ReconciliationQuery) (page []Reconciliation, more bool, err error) {
	if err := notWithActor(ctx); err != nil {
		return nil, false, err
	}
	if err := reconciliationMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	var label string
	switch {
	case in.File != "" && (in.Provider != "" || in.State != ""):
		return nil, false, InvalidField("file", "is not together with other conditions")
	case in.File != "":
		label = "file:" + in.File
	case in.Provider != "" && in.State != "":
		label = "p:" + in.Provider + ":" + string(in.State)
	case in.Provider != "":
		label = "p:" + in.Provider
	case in.State != "":
		label = "state:" + string(in.State)
	}
	return listed(ctx, s.w, ledger.RecordQuery{
		Type: "reconciliation", Label: label, After: string(in.After), Limit: in.Limit,
	}, s.w.reconciliation)
}

// plain cuts what a statement says to what may stand in a record and its labels.
func plain(text string) string {
	if len(text) > 128 || CheckText("reference", text, 128) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}
