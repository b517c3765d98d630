package okpay_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// statementColumns are what a row of a case may have, and what else it may be called there.
var statementColumns = map[string][]string{
	"direction": {"dir", "side"}, "amount": nil, "currency": {"ccy"}, "reference": {"ref", "id", "key", "object"},
	"other": {"bank_ref", "bank_reference"}, "cost": {"fee", "charge"}, "returned": {"is_return"}, "booked_at": {"date", "at"},
}

// importStatement imports rows, as a file of the provider's would have them: amounts in minor units, objects
// under the names of the case.
func (w *caseWorld) importStatement(a *arguments) reply {
	in := okpay.ImportStatement{Provider: a.text("provider"), Name: a.text("file", "name"), Format: rails.CSV}
	if v, ok := a.get("through"); ok {
		in.Through, _ = asTime(v)
	}
	rows, _ := a.get("rows")
	items, _ := rows.([]any)
	var file strings.Builder
	out := csv.NewWriter(&file)
	names := []string{"direction", "amount", "currency", "reference", "other", "cost", "returned", "booked_at"}
	_ = out.Write(names) // a strings.Builder does not fail
	for _, item := range items {
		given, _ := item.(map[string]any)
		of := renamed(given, statementColumns)
		fields := make([]string, 0, len(names))
		for _, name := range names {
			fields = append(fields, w.statementField(of, name))
		}
		for name := range of {
			if !slices.Contains(names, name) {
				w.inScope(outOfScope(fmt.Sprintf("a row with %q", name)))
			}
		}
		_ = out.Write(fields)
	}
	out.Flush()
	in.File = strings.NewReader(file.String())
	r, err := w.Reconciliation.Import(context.Background(), in)
	number := func(n int) json.Number { return json.Number(fmt.Sprint(n)) }
	return reply{err: err, replayed: r.Replayed, state: string(r.State), facts: map[string]any{
		"rows": number(r.Rows), "matched": number(r.Matched), "duplicate": number(r.Duplicate), "mismatch": number(r.Mismatch),
		"missing_here": number(r.MissingHere), "missing_there": number(r.MissingThere),
	}}
}

// statementField is a field of a row in the words of a file.
func (w *caseWorld) statementField(row map[string]any, name string) string {
	v, ok := row[name]
	if !ok {
		return ""
	}
	switch name {
	case "amount", "cost":
		n, _ := v.(json.Number)
		minor, err := n.Int64()
		w.inScope(err)
		code, _ := row["currency"].(string)
		return money.New(minor, w.currency(code)).Text()
	case "reference":
		return w.id(fmt.Sprint(v))
	case "direction":
		switch v {
		case "credit", "CRDT":
			return "in"
		case "debit", "DBIT":
			return "out"
		}
	}
	return fmt.Sprint(v)
}
