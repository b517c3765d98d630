package sqlitestore

import (
	"time"

	"zombiezen.com/go/sqlite"
)

// row reads the columns of a result one after the other.
type row struct {
	stmt *sqlite.Stmt
	next int
}

func (r *row) int() int64 {
	r.next++
	return r.stmt.ColumnInt64(r.next - 1)
}

// intOrNil returns nil for NULL.
func (r *row) intOrNil() *int64 {
	v := r.int()
	if r.stmt.ColumnIsNull(r.next - 1) {
		return nil
	}
	return &v
}

// text returns "" for NULL.
func (r *row) text() string {
	r.next++
	return r.stmt.ColumnText(r.next - 1)
}

// bytes returns nil for NULL.
func (r *row) bytes() []byte {
	r.next++
	n := r.stmt.ColumnLen(r.next - 1)
	if n == 0 && r.stmt.ColumnIsNull(r.next-1) {
		return nil
	}
	b := make([]byte, n)
	r.stmt.ColumnBytes(r.next-1, b)
	return b
}

// fixed fills dst.
func (r *row) fixed(dst []byte) {
	r.next++
	r.stmt.ColumnBytes(r.next-1, dst)
}

// time returns the zero time for NULL.
func (r *row) time() time.Time {
	v := r.int()
	if v == 0 && r.stmt.ColumnIsNull(r.next-1) {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// params binds the parameters of a statement one after the other.
type params struct {
	stmt *sqlite.Stmt
	last int
}

// bind starts with parameter 1, which in every statement is the ledger.
func bind(stmt *sqlite.Stmt, ledger int64) *params {
	stmt.BindInt64(1, ledger)
	return &params{stmt: stmt, last: 1}
}

func (p *params) int(v int64) *params {
	p.last++
	p.stmt.BindInt64(p.last, v)
	return p
}

func (p *params) null() *params {
	p.last++
	p.stmt.BindNull(p.last)
	return p
}

// intOrNil binds NULL for nil.
func (p *params) intOrNil(v *int64) *params {
	if v == nil {
		return p.null()
	}
	return p.int(*v)
}

func (p *params) text(s string) *params {
	p.last++
	p.stmt.BindText(p.last, s)
	return p
}

// textOrNull binds NULL for "".
func (p *params) textOrNull(s string) *params {
	if s == "" {
		return p.null()
	}
	return p.text(s)
}

// bytes binds NULL for nil.
func (p *params) bytes(b []byte) *params {
	if b == nil {
		return p.null()
	}
	p.last++
	p.stmt.BindBytes(p.last, b)
	return p
}

// time binds NULL for the zero time.
func (p *params) time(t time.Time) *params {
	if t.IsZero() {
		return p.null()
	}
	return p.int(t.UnixMicro())
}
