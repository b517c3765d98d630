package ledger

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newTestFold returns a fold that keeps all, and looks at every id.
func newTestFold() *fold {
	f := newFold([16]byte{1}, 1<<30)
	f.restart([32]byte{}, 0)
	f.seal, f.ids.suspicious = 2, slices.Repeat([]bool{true}, idBuckets)
	return f
}

// A journal that was written anew has hashes that agree; what it says must still make sense.
func TestTheFoldRefusesWhatCanNotBe(t *testing.T) {
	at := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	legs := func(l ...legEffect) []legEffect { return l }
	hold := func(id string, amount int64, expires time.Time) effect {
		return effect{kind: effectHold, text: id, at: expires, postings: legs(legEffect{1, 2, amount})}
	}
	// Two accounts in CNY and one in EUR, a record of version 2, and holds of every kind.
	history := decodedBody{changes: []changeEffect{{id: "first", effects: []effect{
		{kind: effectCurrency, text: "CNY", scale: 2},
		{kind: effectOpen, text: "a", other: "CNY"},
		{kind: effectOpen, text: "b", other: "CNY"},
		{kind: effectOpen, text: "c", other: "EUR"},
		{kind: effectRecord, text: "t", other: "id", version: 1},
		{kind: effectRecord, text: "t", other: "id", version: 2},
		hold("open", 10, time.Time{}), hold("later", 10, at.Add(time.Second)), hold("due", 10, at),
		hold("voided", 10, time.Time{}),
		{kind: effectVoid, text: "voided", released: legs(legEffect{1, 2, 10})},
		hold("captured", 10, time.Time{}),
		{kind: effectCapture, text: "captured", final: true, postings: legs(legEffect{1, 2, 10}), released: legs(legEffect{1, 2, 10})},
	}}}}
	expiry := func(id string) effect {
		return effect{kind: effectVoid, text: id, released: legs(legEffect{1, 2, 10})}
	}
	for name, body := range map[string]decodedBody{
		"nothing":  {},
		"the good": {expired: []effect{expiry("due")}, changes: []changeEffect{{id: "second", effects: []effect{expiry("open")}}}},
	} {
		f := newTestFold()
		f.block(&Block{Seq: 1, Time: at}, &history)
		require.Empty(t, f.wrong)
		f.block(&Block{Seq: 2, Time: at}, &body)
		require.Empty(t, f.wrong, name)
	}
	change := func(effects ...effect) decodedBody {
		return decodedBody{changes: []changeEffect{{id: "second", effects: effects}}}
	}
	transaction := func(l ...legEffect) decodedBody { return change(effect{kind: effectTransaction, postings: l}) }
	for name, body := range map[string]decodedBody{
		"an id that was used":                    {changes: []changeEffect{{id: "first"}}},
		"an id that is used twice":               {changes: []changeEffect{{id: "second"}, {id: "second"}}},
		"the expiry of no hold":                  {expired: []effect{expiry("never placed")}},
		"the expiry of a hold that never does":   {expired: []effect{expiry("open")}},
		"an expiry that comes too early":         {expired: []effect{expiry("later")}},
		"the expiry of a hold that has ended":    {expired: []effect{expiry("voided")}},
		"the same expiry twice":                  {expired: []effect{expiry("due"), expiry("due")}},
		"a currency that is new twice":           change(effect{kind: effectCurrency, text: "CNY", scale: 3}),
		"an account that was never opened":       transaction(legEffect{1, 4, 1}),
		"account zero":                           transaction(legEffect{0, 1, 1}),
		"accounts of two currencies":             transaction(legEffect{1, 3, 1}),
		"a balance that overflows":               transaction(legEffect{1, 2, math.MaxInt64}, legEffect{1, 2, 1}),
		"a hold that is placed twice":            change(hold("open", 1, time.Time{})),
		"a hold on no account":                   change(effect{kind: effectHold, text: "h", postings: legs(legEffect{9, 1, 1})}),
		"the void of no hold":                    change(effect{kind: effectVoid, text: "never placed"}),
		"the void of a hold that has ended":      change(effect{kind: effectVoid, text: "captured"}),
		"the capture of no hold":                 change(effect{kind: effectCapture, text: "never placed"}),
		"the capture of a hold that has ended":   change(effect{kind: effectCapture, text: "voided"}),
		"a capture of more than is reserved":     change(effect{kind: effectCapture, text: "open", postings: legs(legEffect{1, 2, 11}), released: legs(legEffect{1, 2, 11})}),
		"a capture that releases less":           change(effect{kind: effectCapture, text: "open", postings: legs(legEffect{1, 2, 5}), released: legs(legEffect{1, 2, 4})}),
		"a final capture that leaves something":  change(effect{kind: effectCapture, text: "open", final: true, postings: legs(legEffect{1, 2, 5}), released: legs(legEffect{1, 2, 5})}),
		"a void that releases too little":        change(effect{kind: effectVoid, text: "open", released: legs(legEffect{1, 2, 9})}),
		"a void of a leg that is not there":      change(effect{kind: effectVoid, text: "open", released: legs(legEffect{2, 1, 10})}),
		"the reversal of nothing":                change(effect{kind: effectReverse, version: 9}),
		"a change of an account that is not":     change(effect{kind: effectAlter, version: 4}),
		"a second reversal":                      change(effect{kind: effectReverse, version: 1, postings: legs(legEffect{2, 1, 10})}, effect{kind: effectReverse, version: 1, postings: legs(legEffect{2, 1, 10})}),
		"a capture from another account":         change(effect{kind: effectCapture, text: "open", postings: legs(legEffect{2, 1, 1}), released: legs(legEffect{1, 2, 1})}),
		"a version that was used":                change(effect{kind: effectRecord, text: "t", other: "id", version: 2}),
		"a version that is left out":             change(effect{kind: effectRecord, text: "t", other: "id", version: 4}),
		"a first version that is not the first":  change(effect{kind: effectErase, text: "t", other: "new", version: 2}),
		"a version of another record of the two": change(effect{kind: effectRecord, text: "u", other: "id", version: 3}),
	} {
		f := newTestFold()
		f.block(&Block{Seq: 1, Time: at}, &history)
		f.block(&Block{Seq: 2, Time: at}, &body)
		assert.NotEmpty(t, f.wrong, name)
	}
}
