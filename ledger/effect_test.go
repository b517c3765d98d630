package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

// encode writes a decoded body as the kernel would have written it.
func encode(body *decodedBody) []byte {
	b := appendUint([]byte{FormatVersion}, uint64(len(body.expired)))
	for i := range body.expired {
		b = appendLegs(appendText(b, body.expired[i].text), body.expired[i].released)
	}
	b = appendUint(b, uint64(len(body.changes)))
	for i := range body.changes {
		c := &body.changes[i]
		b = appendBytes(appendText(b, c.id), c.tags)
		b = appendBytes(b, c.outcome)
		var effects []byte
		for j := range c.effects {
			effects = encodeEffect(effects, &c.effects[j])
		}
		b = appendBytes(b, effects)
	}
	return b
}

func encodeEffect(b []byte, e *effect) []byte {
	legs := func(b []byte) []byte { return appendLegs(b, e.postings) }
	switch e.kind {
	case effectCurrency:
		return appendCurrency(b, e.text, e.scale)
	case effectOpen:
		return appendOpen(b, &Account{Key: AccountKey{e.text, e.other}, Normal: e.normal, Min: e.min, Max: e.max})
	case effectTransaction:
		b = appendTime(append(b, byte(e.kind)), e.at)
		return legs(appendBytes(appendText(b, e.reference), e.metadata))
	case effectHold:
		b = appendTime(appendText(append(b, byte(e.kind)), e.text), e.at)
		return legs(appendBytes(appendText(b, e.reference), e.metadata))
	case effectCapture:
		b = appendText(append(b, byte(e.kind)), e.text)
		final := byte(0)
		if e.final {
			final = 1
		}
		return appendLegs(legs(appendBytes(appendText(append(b, final), e.reference), e.metadata)), e.released)
	case effectVoid:
		return appendLegs(appendText(append(b, byte(e.kind)), e.text), e.released)
	case effectReverse:
		b = appendTime(appendUint(append(b, byte(e.kind)), uint64(e.version)), e.at)
		return legs(appendBytes(appendText(b, e.reference), e.metadata))
	case effectAlter:
		return appendAlter(b, &Account{No: e.version, Flags: e.flags, Min: e.min, Max: e.max})
	case effectRecord:
		return appendRecord(b, RecordKey{e.text, e.other}, e.version, e.digest)
	case effectErase:
		return appendErase(b, RecordKey{e.text, e.other}, e.version)
	case effectEvent:
		return appendEvent(b, &Event{Type: e.text, Subject: e.other}, e.digest)
	}
	panic("unknown effect")
}

// counter is a source of randomness that is none.
type counter byte

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

// goldenBlock is a block that has every kind of effect, and what they can look like. The
// kernel wrote it.
func goldenBlock(t testing.TB) *Batch {
	t.Helper()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC)
	yuan, wei := money.MustISO("CNY"), must(money.NewCurrency("WEI", 18))
	leg := func(debit, credit string, minor int64, c money.Currency) Posting {
		return Posting{Debit: debit, Credit: credit, Amount: money.New(minor, c)}
	}
	changes := []Change{
		{ID: "m:shop:payment.create:1", Result: "payment-1", Ops: []Op{
			Transaction{
				Postings:  []Posting{leg("bank:1", "user:1:available", 10_000, yuan), leg("free", "user:1:available", math.MaxInt64, wei)},
				Effective: now.AddDate(-1, 0, 0), Reference: "order 4711", Metadata: map[string]string{"b": "汇率", "a": "<&>"},
			},
			Transaction{Postings: []Posting{leg("user:1:available", "free", 0, yuan)}, Effective: now}, // written as none
			Hold{
				ID: "hold-1", Postings: []Posting{leg("user:1:available", "shop:1", 300, yuan), leg("user:1:available", "fees", 5, yuan)},
				Expires: now.AddDate(0, 0, 7), Reference: "r", Metadata: map[string]string{"k": ""},
			},
			Hold{ID: "hold-2", Postings: []Posting{leg("user:1:available", "shop:1", 1, yuan)}},
			Capture{Hold: "hold-1", Postings: []Posting{leg("user:1:available", "shop:1", 100, yuan)}, Reference: "part", Metadata: map[string]string{"n": "1"}},
			Capture{Hold: "hold-1", Final: true, Postings: []Posting{leg("user:1:available", "tips", 1, yuan)}},
			Void{Hold: "hold-2"},
		}},
		{
			ID: "records",
			Puts: []Put{
				{Type: "payment", ID: "p", Content: []byte("secret"), Unique: []string{"u1", "u2"}, Labels: []string{"l"}, Due: now.AddDate(0, 0, 1)},
				{Type: "payment", ID: "p", Content: []byte("again")},
				{Type: "payment", ID: "p", Erase: true},
				{Type: "secret", ID: "not in the block", Content: []byte("secret"), Chaining: Plain},
			},
			Events: []Event{{Type: "payment.created", Subject: "p", Payload: []byte("secret")}, {Type: "empty"}},
		},
		{ID: "too much", Ops: []Op{Transaction{Postings: []Posting{leg("user:2:available", "shop:1", 7, yuan)}}}},
		{
			ID: "too much, but told", Result: "payment-2", Ops: []Op{Transaction{Postings: []Posting{leg("user:2:available", "shop:1", 7, yuan)}}},
			Else: &Else{On: []Reason{InsufficientFunds}, Change: Change{Events: []Event{{Type: "payment.failed", Subject: "q"}}}},
		},
		{ID: "own refusal", Refusal: &Refusal{Reason: "locked", Account: AccountKey{"user:1", "CNY"}, Short: -3, Hold: "h", Detail: "{\n}"}},
		{ID: "back", Ops: []Op{Reverse{Transaction: 23, Force: true, Effective: now.AddDate(0, -1, 0), Reference: "back"}}},
		{ID: "rules", Ops: []Op{
			Limits{Account: "user:1:available", Currency: yuan, Min: Limit(-5), Max: Limit(math.MaxInt64)},
			Freeze{Account: "user:1:available", Currency: yuan, Debits: true, Credits: true},
			Freeze{Account: "user:1:available", Currency: yuan, Credits: true},
			Close{Account: "fees", Currency: yuan},
			Reopen{Account: "fees", Currency: yuan},
		}},
		{ID: "nothing", Request: []Field{{"a", "1"}, {"b", "2"}}},
	}
	chart := Chart{
		{Name: "bank:*", Normal: Debit, Min: Limit(math.MinInt64)}, {Name: "user:**", Min: Limit(0), Max: Limit(math.MaxInt64)}, {Name: "**"},
	}
	work := &workset{cache: newCache(100)}
	work.reset()
	work.take(&Found{
		Accounts: []Account{
			{No: 1, Key: AccountKey{"bank:0", "CNY"}, Normal: Debit, PendingOut: 5, NextExpiry: now},
			{No: 2, Key: AccountKey{"user:0", "CNY"}, PendingIn: 5, NextExpiry: now},
		},
		Holds: []HoldState{
			{ID: "due-b", Status: HoldOpen, Seq: 1, Expires: now, Legs: []HoldLeg{{Debit: 1, Credit: 2, Amount: 4, Rest: 3}}},
			{ID: "due-a", Status: HoldOpen, Seq: 1, Expires: now.Add(-1), Legs: []HoldLeg{{Debit: 1, Credit: 2, Amount: 2, Rest: 2}}},
		},
	}, nil)
	k := &kernel{chart: chart, work: work}
	k.start(now, Head{
		Seq: 7, Time: now, Hash: [32]byte{1, 2, 3}, Accounts: 2, Transactions: 10, Postings: 20, Events: 30,
	}, len(changes))
	preparer := preparer{key: [16]byte{9, 8, 7}, rand: new(counter)}
	for i := range changes {
		p, answer := &prepared{was: new(idSlot)}, make([]answer, 1)
		require.NoError(t, preparer.prepare(p, &changes[i]))
		k.unit([]*prepared{p}, answer)
		require.NotZero(t, answer[0].outcome.Seq, "%s: %v", changes[i].ID, answer[0].err)
	}
	return k.finish("golden:ledger")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// describe writes a block in words, for people to compare.
func describe(b *Block, body *decodedBody) string {
	var s strings.Builder
	fmt.Fprintf(&s, "seq %d\ntime %s\nprevious %x\nhash %x\n", b.Seq, b.Time.Format(time.RFC3339Nano), b.Previous, b.Hash)
	for i := range body.expired {
		fmt.Fprintf(&s, "expired %q released %v\n", body.expired[i].text, body.expired[i].released)
	}
	for i := range body.changes {
		c := &body.changes[i]
		fmt.Fprintf(&s, "\nchange %q tags %x\n", c.id, c.tags)
		out, err := (&ChangeRow{ID: c.id, Seq: b.Seq, Outcome: c.outcome}).outcome()
		if err != nil {
			fmt.Fprintf(&s, "\toutcome %v\n", err)
		}
		refusal := ""
		if out.Refusal != nil {
			refusal = fmt.Sprintf(" refusal %+v", *out.Refusal)
		}
		fmt.Fprintf(&s, "\toutcome time %s first %d transactions %d result %q alternative %v%s\n",
			out.Time.Format(time.RFC3339Nano), out.First, out.Transactions, out.Result, out.Alternative, refusal)
		for j := range c.effects {
			s.WriteString("\t" + describeEffect(&c.effects[j]) + "\n")
		}
	}
	return s.String()
}

func describeEffect(e *effect) string {
	limit := func(v *int64) string {
		if v == nil {
			return "none"
		}
		return fmt.Sprint(*v)
	}
	at := "none"
	if !e.at.IsZero() {
		at = e.at.Format(time.RFC3339Nano)
	}
	switch e.kind {
	case effectCurrency:
		return fmt.Sprintf("currency %s scale %d", e.text, e.scale)
	case effectOpen:
		return fmt.Sprintf("open %s in %s, %s, minimum %s, maximum %s", e.text, e.other, e.normal, limit(e.min), limit(e.max))
	case effectTransaction:
		return fmt.Sprintf("transaction effective %s reference %q metadata %s postings %v", at, e.reference, e.metadata, e.postings)
	case effectHold:
		return fmt.Sprintf("hold %q expires %s reference %q metadata %s postings %v", e.text, at, e.reference, e.metadata, e.postings)
	case effectCapture:
		return fmt.Sprintf("capture %q final %v reference %q metadata %s postings %v released %v",
			e.text, e.final, e.reference, e.metadata, e.postings, e.released)
	case effectVoid:
		return fmt.Sprintf("void %q released %v", e.text, e.released)
	case effectReverse:
		return fmt.Sprintf("reverse %d effective %s reference %q metadata %s postings %v", e.version, at, e.reference, e.metadata, e.postings)
	case effectAlter:
		return fmt.Sprintf("alter %d flags %d minimum %s maximum %s", e.version, e.flags, limit(e.min), limit(e.max))
	case effectRecord:
		return fmt.Sprintf("record %s %q version %d digest %x", e.text, e.other, e.version, e.digest)
	case effectErase:
		return fmt.Sprintf("erase %s %q version %d", e.text, e.other, e.version)
	case effectEvent:
		return fmt.Sprintf("event %s %q digest %x", e.text, e.other, e.digest)
	}
	return fmt.Sprintf("unknown effect %d", e.kind)
}

func TestABodyThatTheKernelDidNotWriteIsRefused(t *testing.T) {
	good := goldenBlock(t).Block.Body
	_, err := decodeBody(good)
	require.NoError(t, err)
	for i := range good {
		_, err := decodeBody(good[:i])
		require.ErrorIs(t, err, errEncoding, "cut off after %d bytes", i)
	}
	_, err = decodeBody(append(bytes.Clone(good), 0))
	require.ErrorIs(t, err, errEncoding, "one byte more")

	// A body with one change whose effects are these bytes.
	with := func(effects ...byte) []byte {
		b := []byte{FormatVersion, 0, 1, 1, 'a', 0}
		return appendBytes(appendBytes(b, []byte{0}), effects)
	}
	_, err = decodeBody(with(byte(effectVoid), 1, 'h', 0))
	require.NoError(t, err)
	for name, body := range map[string][]byte{
		"nothing":                               {},
		"a number that is too long":             {FormatVersion, 0x80, 0, 0},
		"a count beyond the bytes":              {FormatVersion, 5, 1, 'a'},
		"a count beyond memory":                 append([]byte{FormatVersion}, bytes.Repeat([]byte{0xff}, 9)...),
		"no such effect":                        with(0),
		"no such effect either":                 with(byte(effectAlter) + 1),
		"a flag that is neither":                with(byte(effectCapture), 1, 'h', 2, 0, 0, 0, 0),
		"a side that is neither":                with(byte(effectOpen), 1, 'a', 1, 'C', 2, 0, 0),
		"a limit that is neither":               with(byte(effectOpen), 1, 'a', 1, 'C', 0, 2, 0),
		"a time that is neither":                with(byte(effectTransaction), 3, 0, 0, 0),
		"the zero time, which is written as no": with(append(appendInt([]byte{byte(effectTransaction), 1}, time.Time{}.UnixMicro()), 0, 0, 0)...),
		"an amount beyond 63 bits":              with(appendUint([]byte{byte(effectTransaction), 0, 0, 0, 1, 1, 2}, 1<<63)...),
		"flags that there are not":              with(byte(effectAlter), 1, 16, 0, 0),
		"a digest that is cut off":              with(byte(effectRecord), 1, 't', 1, 'i', 1, 0, 0),
		"postings beyond the bytes":             with(byte(effectTransaction), 0, 0, 0, 100, 1, 2, 3),
		"a count written longer than need be":   with(byte(effectTransaction), 0, 0, 0, 0x81, 0, 1, 2, 3),
	} {
		_, err := decodeBody(body)
		require.ErrorIs(t, err, errEncoding, name)
	}
	for _, version := range []byte{0, FormatVersion + 1, 255} {
		_, err := decodeBody([]byte{version, 0, 0})
		assert.Equal(t, &FormatError{What: "block", Have: int(version), Want: 1}, err)
	}
}

func FuzzDecodeBody(f *testing.F) {
	f.Add(goldenBlock(f).Block.Body)
	f.Add([]byte{FormatVersion, 0, 0})
	f.Add([]byte{FormatVersion, 0, 1, 1, 'a', 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		body, err := decodeBody(input)
		things := len(body.expired) + len(body.changes)
		for _, c := range body.changes {
			things += len(c.effects)
			for _, e := range c.effects {
				things += len(e.postings) + len(e.released)
			}
		}
		if things > len(input) {
			t.Fatalf("%d things out of %d bytes", things, len(input))
		}
		if errors.Is(err, ErrFormat) {
			return
		}
		if err != nil {
			require.ErrorIs(t, err, errEncoding)
			return
		}
		require.Equal(t, input, encode(&body), "there is one encoding of one body")
	})
}

func FuzzDecodeOutcome(f *testing.F) {
	for _, c := range goldenBlock(f).Changes {
		f.Add(c.Outcome)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		row := ChangeRow{ID: "id", Seq: 3, Outcome: input}
		out, err := row.outcome()
		if err != nil {
			require.ErrorIs(t, err, errEncoding)
			return
		}
		require.Equal(t, "id", out.ID)
		require.EqualValues(t, 3, out.Seq)
		require.Equal(t, input, appendOutcome(nil, &out), "there is one encoding of one outcome")
	})
}

func TestAnOutcomeIsReadBackAsItWasWritten(t *testing.T) {
	at := time.Date(2026, time.March, 1, 12, 0, 0, 1000, time.UTC)
	for name, out := range map[string]Outcome{
		"nothing":     {Time: at},
		"everything":  {Time: at, Alternative: true, First: 7, Transactions: 9, Result: "r", Refusal: &Refusal{"r", AccountKey{"a", "C"}, -1, "h", 5, "d"}},
		"the largest": {Time: time.UnixMicro(math.MaxInt64).UTC(), First: math.MaxInt64, Refusal: &Refusal{Reason: "r", Short: math.MinInt64}},
		"long ago":    {Time: time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)},
	} {
		out.ID, out.Seq = "id", 5
		got, err := (&ChangeRow{ID: "id", Seq: 5, Outcome: appendOutcome(nil, &out)}).outcome()
		require.NoError(t, err, name)
		assert.Equal(t, out, got, name)
	}
	_, err := (&ChangeRow{Outcome: []byte{4, 0, 0, 0, 0}}).outcome()
	require.ErrorIs(t, err, errEncoding, "a flag that there is not")
}

// A file of others may say that anything follows.
func TestACountThatLiesCostsNoRoom(t *testing.T) {
	body := append(appendUint([]byte{FormatVersion}, 1<<20), bytes.Repeat([]byte{0xff}, 1<<20)...)
	content := append(appendUint(appendBytes(nil, nil), 1<<20), bytes.Repeat([]byte{0xff}, 1<<20)...)
	for name, decode := range map[string]func() error{
		"expiries":    func() error { _, err := decodeBody(body); return err },
		"unique keys": func() error { d := &decoder{rest: content}; d.content(&RecordRow{}); return d.end() },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.Error(t, decode(), name)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}
