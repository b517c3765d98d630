package okpay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay/rails"
)

// ImportStatement is the input of Reconciliation.Import.
type ImportStatement struct {
	Provider string          // whose statement it is: a name of Config.Sources or Config.PayoutProviders
	Name     string          // of the file, for people, at most 256 bytes
	Format   rails.Statement // rails.CSV or rails.Camt053
	// File is read twice, from its start. Nobody may write to it meanwhile.
	File io.ReadSeeker
	// Through is until when the statement tells everything. What was paid, or had come, longer than
	// Config.SettlementGrace before it and stands on no statement is missing there. Zero leaves that out.
	Through time.Time
}

// Bounds of an import.
const (
	rowsAtOnce             = 4_096
	parallelRows           = 64 // are worked on at a time
	defaultSettlementGrace = 72 * time.Hour
)

// Import reads a statement and settles what it has. The file is read twice: once to see that
// all of it can be read, and if it can not nothing is done; then row by row, in bounded memory, whatever
// its size.
//
// A row is matched by its Reference, the id of a withdrawal, payout, top-up or refund, or of
// a collection for a payment; one whose Reference is none of ours, by what the provider calls it (Other), as
// far as the provider has told that of one object and no other. One
// that agrees with its object settles it (reconciliation.matched); if the object was not known
// to be paid, or returned, the row is the proof and is heard like an answer of the provider's. One
// that does not agree, or names nothing that is here, raises an exception (reconciliation.exception), and its
// money waits on suspense:{provider}. docs/reconciliation.md tells of each kind.
//
// Importing the same file again, by its bytes, changes nothing and returns the same report,
// with Replayed. After an error or a crash in the middle, importing it again goes on and ends as if nothing had
// happened; several processes may do so at once. A row that an earlier file had already is a duplicate and
// changes nothing.
//
// Errors, the first that applies: InvalidRequest for the input, and for a file that can not be
// read as a statement (it wraps a *rails.StatementError that tells the row); the reader's own;
// IdempotencyKeyReused with the field provider for a file that was imported as another provider's; the context's,
// ServiceBusy and those of the store, after which the import can be repeated.
func (s *Reconciliations) Import(ctx context.Context, in ImportStatement) (Reconciliation, error) {
	if err := s.checkImport(&in); err != nil {
		return Reconciliation{}, err
	}
	file, rows, err := s.survey(ctx, &in)
	if err != nil {
		return Reconciliation{}, err
	}
	doc, err := s.begin(ctx, &in, file, rows)
	if err != nil {
		return Reconciliation{}, translate(err)
	}
	replayed := doc.State == ReconciliationCompleted
	if !replayed {
		if doc, err = s.finish(ctx, &in, doc); err != nil {
			return Reconciliation{}, translate(err)
		}
	}
	out, err := s.w.reconciliation(doc)
	out.Replayed = replayed
	return out, err
}

func (s *Reconciliations) checkImport(in *ImportStatement) error {
	if err := CheckID("provider", in.Provider); err != nil {
		return err
	}
	if s.w.cfg.Sources[in.Provider] == nil && s.w.cfg.PayoutProviders[in.Provider] == nil {
		return InvalidField("provider", "is neither a funding source nor a payout provider of this wallet")
	}
	if err := CheckText("name", in.Name, 256); err != nil {
		return err
	}
	if in.Format == nil || in.File == nil {
		return InvalidField("file", "is missing, or its format is")
	}
	return nil
}

// pass is one reading of the file.
type pass struct {
	io.Reader
	sum  hash.Hash
	file io.Reader
}

func (in *ImportStatement) pass() (*pass, error) {
	if _, err := in.File.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("okpay: statement: %w", err)
	}
	p := &pass{sum: sha256.New(), file: in.File}
	p.Reader = io.TeeReader(in.File, p.sum)
	return p, nil
}

// hash reads what the format left over, and returns the hash of all of the file.
func (p *pass) hash() (string, error) {
	if _, err := io.Copy(io.Discard, p.Reader); err != nil {
		return "", fmt.Errorf("okpay: statement: %w", err)
	}
	return hex.EncodeToString(p.sum.Sum(nil)), nil
}

// survey is the first pass: it finds the file's hash and that all of it can be read.
func (s *Reconciliations) survey(ctx context.Context, in *ImportStatement) (file string, rows int, err error) {
	p, err := in.pass()
	if err != nil {
		return "", 0, err
	}
	all := sums{}
	for row, err := range in.Format(p, s.w.cfg.Currencies) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = all.fits(&row)
		}
		if err != nil {
			return "", 0, unreadable(err)
		}
		rows = row.No
	}
	file, err = p.hash()
	return file, rows, err
}

// fits adds a row up, and refuses sums that nobody could report.
func (s sums) fits(row *rails.Row) error {
	of := s.of(row.Amount.Currency().Code())
	of.In += row.Amount.Minor()
	of.Cost += row.Cost.Minor()
	if of.In < 0 || of.Cost < 0 {
		return &rails.StatementError{Row: row.No, Reason: "the sum of the amounts is too large"}
	}
	return nil
}

// unreadable makes an Error of what a format returned.
func unreadable(err error) error {
	if !errors.Is(err, rails.ErrStatement) {
		return err
	}
	e := InvalidField("file", "%s", err)
	e.Err = err
	return e
}

// begin makes the report, unless the file's is there already.
func (s *Reconciliations) begin(ctx context.Context, in *ImportStatement, file string, rows int) (*reconciliationDoc, error) {
	v := verb{"program", "reconciliation.begin", file, []ledger.Field{{Name: "provider", Value: in.Provider}}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		doc := &reconciliationDoc{Reconciliation: Reconciliation{
			ID: ReconciliationID(s.w.newID("rec_")), Provider: in.Provider, File: file, Name: in.Name, Through: in.Through, Rows: rows,
			CreatedAt: d.Now(),
		}}
		m, err := reconciliationMachine().Move(&doc.State, string(doc.ID), importStatement, Always)
		if err != nil {
			return err
		}
		fresh(d, "reconciliation", string(doc.ID))
		return s.w.write(&d.Change, d.Now(), doc, m)
	})
	if err != nil {
		return nil, err
	}
	return s.load(ctx, ReconciliationID(out.Result))
}

// finish is the second pass: it works on the rows that are not done, looks for what no
// statement has, and completes the report.
func (s *Reconciliations) finish(ctx context.Context, in *ImportStatement, doc *reconciliationDoc) (*reconciliationDoc, error) {
	p, err := in.pass()
	if err != nil {
		return nil, err
	}
	batch := make([]rails.Row, 0, s.atOnce)
	for row, err := range in.Format(p, s.w.cfg.Currencies) {
		if err != nil {
			return nil, unreadable(err)
		}
		if row.No <= doc.Done {
			continue
		}
		if batch = append(batch, row); len(batch) == cap(batch) {
			if doc, err = s.work(ctx, doc, batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
		}
	}
	file, err := p.hash()
	if err == nil && file != doc.File {
		err = InvalidField("file", "was written to while it was read")
	}
	if err != nil {
		return nil, err
	}
	if doc, err = s.work(ctx, doc, batch); err != nil {
		return nil, err
	}
	if err := s.missing(ctx, doc); err != nil {
		return nil, err
	}
	return s.complete(ctx, doc)
}

// work works on rows that follow each other, and counts them. Another process may be ahead
// with them: then its count counts.
func (s *Reconciliations) work(ctx context.Context, doc *reconciliationDoc, rows []rails.Row) (*reconciliationDoc, error) {
	for {
		for len(rows) > 0 && rows[0].No <= doc.Done {
			rows = rows[1:]
		}
		if len(rows) == 0 {
			return doc, nil
		}
		verdicts, err := s.each(ctx, doc, rows)
		if err != nil {
			return nil, err
		}
		_, err = s.w.do(ctx, verb{principal: "program", operation: "reconciliation.count"}, func(d *ledger.Draft) error {
			now := &reconciliationDoc{}
			if err := draftGet(d, "reconciliation", string(doc.ID), now); err != nil {
				return err
			}
			if now.Done != doc.Done {
				return ErrNothingDue
			}
			if now.Of == nil {
				now.Of = sums{}
			}
			for i := range rows {
				now.count(&rows[i], verdicts[i])
			}
			now.Done = rows[len(rows)-1].No
			return s.w.write(&d.Change, d.Now(), now)
		})
		if err != nil && !errors.Is(err, ErrNothingDue) {
			return nil, err
		}
		if doc, err = s.load(ctx, doc.ID); err != nil {
			return nil, err
		}
	}
}

// each works on rows with a bounded number of goroutines; those with one reference are
// worked on in order. After an error the rest is left.
func (s *Reconciliations) each(ctx context.Context, doc *reconciliationDoc, rows []rails.Row) ([]verdict, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	seed := maphash.MakeSeed()
	var lanes [parallelRows][]int
	for i := range rows {
		lane, same := i, rows[i].Reference
		if !ours(same) && rows[i].Other != "" {
			same = rows[i].Other
		}
		if same != "" {
			lane = int(maphash.String(seed, same) % parallelRows)
		}
		lanes[lane%parallelRows] = append(lanes[lane%parallelRows], i)
	}
	verdicts := make([]verdict, len(rows))
	var running sync.WaitGroup
	for _, lane := range lanes {
		if len(lane) == 0 {
			continue
		}
		running.Go(func() {
			for _, i := range lane {
				if ctx.Err() != nil {
					return
				}
				v, err := s.row(ctx, statementRow{rows[i], doc.Provider, doc.File, doc.ID})
				if err != nil {
					stop(fmt.Errorf("row %d: %w", rows[i].No, err))
					return
				}
				verdicts[i] = v
			}
		})
	}
	running.Wait()
	return verdicts, context.Cause(ctx)
}

// complete ends an import.
func (s *Reconciliations) complete(ctx context.Context, doc *reconciliationDoc) (*reconciliationDoc, error) {
	missing, err := s.countMissing(ctx, doc)
	if err != nil {
		return nil, err
	}
	_, err = s.w.do(ctx, verb{principal: "program", operation: "reconciliation.complete"}, func(d *ledger.Draft) error {
		now := &reconciliationDoc{}
		if err := draftGet(d, "reconciliation", string(doc.ID), now); err != nil {
			return err
		}
		if now.State == ReconciliationCompleted {
			return ErrNothingDue
		}
		m, err := reconciliationMachine().Move(&now.State, string(now.ID), completeImport, Always)
		if err != nil {
			return err
		}
		now.MissingThere, now.CompletedAt = missing, d.Now()
		return s.w.write(&d.Change, d.Now(), now, m)
	})
	if err != nil && !errors.Is(err, ErrNothingDue) {
		return nil, err
	}
	return s.load(ctx, doc.ID)
}
