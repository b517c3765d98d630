package ledgertest

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// rowCases are the rules about what comes back of what was written: all of it.
var rowCases = []ledgerCase{
	{"An account comes back with every field, at any value it can have", testAccountRows},
	{"A posting comes back with every field, at any value it can have", testPostingRows},
	{"A hold comes back with every field, at any value it can have", testHoldRows},
	{"A record comes back with every field, at any value it can have", testRecordRows},
	{"An event, a change and a block come back with every field", testJournalRows},
	{"Bytes come back as they were, whatever they look like", testBytes},
	{"Ids of any letters and of full length come back and are told apart", testIDs},
}

// Times at the edges of what a program may ask for, in UTC and microseconds.
var edgesOfTime = []time.Time{
	{},
	time.Date(1, time.January, 1, 0, 0, 0, 1000, time.UTC),
	time.Date(1899, time.December, 31, 23, 59, 59, 999_999_000, time.UTC),
	time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC),
	time.Date(1969, time.December, 31, 23, 59, 59, 999_999_000, time.UTC),
	time.Date(2026, time.October, 25, 1, 30, 0, 1000, time.UTC),
	time.Date(2038, time.January, 19, 3, 14, 8, 0, time.UTC),
	time.Date(9999, time.December, 31, 23, 59, 59, 999_999_000, time.UTC),
}

func testAccountRows(t *testing.T, s *scribe) {
	const most, least = math.MaxInt64, math.MinInt64
	for name, a := range map[string]ledger.Account{
		"plain":         {},
		"debit":         {Normal: ledger.Debit},
		"min":           {Min: ledger.Limit(0)},
		"max":           {Max: ledger.Limit(0)},
		"both":          {Min: ledger.Limit(-1), Max: ledger.Limit(1)},
		"widest":        {Min: ledger.Limit(least), Max: ledger.Limit(most)},
		"highest":       {Balance: most, PendingOut: most, PendingIn: most, Entries: most, Last: most},
		"lowest":        {Balance: least, Min: ledger.Limit(least)},
		"debits-low":    {DebitsLo: math.MaxUint64},
		"debits-high":   {DebitsHi: math.MaxUint64},
		"debits-middle": {DebitsHi: 1 << 63, DebitsLo: 1 << 63},
		"debits-both":   {DebitsHi: math.MaxUint64, DebitsLo: math.MaxUint64},
	} {
		a.Key = cny(name)
		s.openAs(a)
	}
	for _, currency := range []string{"EUR", "eur", "X.TOKEN-18"} {
		s.openAs(ledger.Account{Key: ledger.AccountKey{Name: "plain", Currency: currency}})
	}
	longest := strings.Repeat("a:b_c-d.", ledger.MaxAccountLen/8)
	s.openAs(ledger.Account{Key: cny(longest[:len(longest)-1] + "e")})
	for i, at := range edgesOfTime {
		s.openAs(ledger.Account{Key: cny("expires:" + string('a'+rune(i))), NextExpiry: at})
	}
	s.batch.Currencies["CNY"], s.batch.Currencies["JPY"], s.batch.Currencies["X.TOKEN-18"] = 2, 0, 18
	s.commit()
	// No postings go with these entries, so the accounts are read without them.
	s.agreeAccounts()

	for _, a := range s.kept.accounts {
		a.Balance, a.DebitsHi, a.DebitsLo = ^a.Balance, ^a.DebitsHi, ^a.DebitsLo
		a.PendingOut, a.PendingIn = most-a.PendingOut, most-a.PendingIn
		a.Entries, a.Last = most-a.Entries, most-a.Last
		a.NextExpiry = edgesOfTime[int(a.No)%len(edgesOfTime)]
		s.batch.Accounts = append(s.batch.Accounts, a)
	}
	s.commit()
	s.agreeAccounts()
}

func (s *scribe) agreeAccounts() {
	s.t.Helper()
	var nos []int64
	var keys []ledger.AccountKey
	for _, a := range s.kept.accounts {
		nos, keys = append(nos, a.No), append(keys, a.Key)
	}
	s.find(ledger.Need{AccountNos: nos, Currencies: []string{"CNY", "JPY", "X.TOKEN-18"}})
	s.find(ledger.Need{Accounts: keys})
	read(s.t, s.store, s.head.Ledger, func(v ledger.View) { s.kept.agreeLists(s.t, v, s.head) })
}

func testPostingRows(t *testing.T, s *scribe) {
	s.post("from", "to", 0)
	s.post("from", "to", math.MaxInt64)
	s.post("to", "from", math.MaxInt64)
	for _, at := range edgesOfTime[1:] {
		s.post("from", "to", 1).Effective = at
	}
	p := s.post("from", "to", 1)
	p.Change = strings.Repeat("ü", ledger.MaxIDLen/2)
	p.Hold = strings.Repeat("\U0001F600", ledger.MaxIDLen/4)
	p.Reference = strings.Repeat("x", ledger.MaxReferenceLen)
	p.Metadata = []byte(`{"` + strings.Repeat("k", ledger.MaxMetadataLen) + `":"` + strings.Repeat("v", ledger.MaxMetadataLen) + `"}`)
	// Postings of one transaction share its number.
	p = s.post("from", "to", 1)
	p.Transaction--
	s.next.Transactions--
	p.DebitAfter, p.CreditAfter = math.MinInt64, math.MaxInt64
	s.commit()
	s.agree()
}

func testHoldRows(t *testing.T, s *scribe) {
	for i, at := range edgesOfTime {
		s.hold("expires "+string('a'+rune(i)), "from", "to", at)
	}
	for status := ledger.HoldOpen; status <= ledger.HoldIsExpired; status++ {
		s.hold("status "+string('0'+rune(status)), "from", "to", firstBlock)
		h := &s.batch.Holds[len(s.batch.Holds)-1]
		h.Status = status
		h.Reference = strings.Repeat("é", ledger.MaxReferenceLen/2)
		h.Metadata = []byte(`{"order":"17"}`)
	}
	s.hold("zero", "from", "to", firstBlock)
	s.batch.Holds[len(s.batch.Holds)-1].Legs[0] = ledger.HoldLeg{Debit: 1, Credit: 2, Amount: math.MaxInt64, Rest: 0}
	s.hold("many legs", "from", "to", firstBlock)
	h := &s.batch.Holds[len(s.batch.Holds)-1]
	for i := range int64(ledger.MaxPostings - 1) {
		h.Legs = append(h.Legs, ledger.HoldLeg{Debit: 1 + i%2, Credit: 2 - i%2, Amount: i + 1, Rest: i})
	}
	s.commit()
	s.agree()

	for _, h := range s.kept.holds {
		h.Status, h.Legs = ledger.HoldIsCaptured, slices.Clone(h.Legs)
		for i := range h.Legs {
			h.Legs[i].Rest = 0
		}
		s.batch.Holds = append(s.batch.Holds, h)
	}
	s.commit()
	s.agree()
}

func testRecordRows(t *testing.T, s *scribe) {
	salt := []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\xfd\xfe\xff")
	for i, at := range edgesOfTime {
		s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "due", ID: string('a' + rune(i))}, Due: at})
	}
	many := func(prefix string) (texts []string) {
		for i := range ledger.MaxIndexed {
			texts = append(texts, prefix+strings.Repeat("\u4e2d", ledger.MaxIDLen/3-5)+string('A'+rune(i*7%ledger.MaxIndexed)))
		}
		return texts
	}
	for id, r := range map[string]ledger.RecordRow{
		"chained":      {Content: []byte("content"), Salt: salt},
		"plain":        {Content: []byte("content"), Chaining: ledger.Plain},
		"empty":        {Content: []byte{}, Salt: salt},
		"erased":       {Erased: true},
		"erased plain": {Erased: true, Chaining: ledger.Plain},
		"largest": {
			Content: bytes.Repeat([]byte("\x00\xff{\"}"), ledger.MaxContentLen/5), Salt: salt,
			Unique: many("u"), Labels: many("l"), Due: firstBlock,
		},
	} {
		r.RecordKey = ledger.RecordKey{Type: "record", ID: id}
		s.put(r)
	}
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: strings.Repeat("t", ledger.MaxTypeLen), ID: strings.Repeat("i", ledger.MaxIDLen)}})
	s.commit()
	s.agree()

	// The next versions: everything goes, and comes where it was not.
	for _, r := range s.kept.records {
		switch {
		case r.Erased:
			r.Erased, r.Content, r.Salt, r.Labels, r.Due = false, []byte("again"), salt, []string{"back"}, firstBlock
		default:
			r = ledger.RecordRow{RecordKey: r.RecordKey, Chaining: r.Chaining, Erased: true}
		}
		s.put(r)
	}
	s.batch.Records[0].Version = math.MaxInt64
	s.commit()
	s.agree()
}

func testJournalRows(t *testing.T, s *scribe) {
	s.next.Time = firstBlock.Add(-time.Microsecond)
	s.change("plain")
	s.change(strings.Repeat("\u00e9", ledger.MaxIDLen/2))
	s.batch.Changes[1].Tags = bytes.Repeat([]byte{0, 255}, 4*ledger.MaxRequest)
	s.batch.Changes[1].Outcome = bytes.Repeat([]byte{255, 0}, 2*ledger.MaxDetailLen)
	s.batch.Changes[1].Index = ledger.MaxParts * 5
	s.change("empty")
	s.batch.Changes[2].Tags, s.batch.Changes[2].Outcome = nil, []byte{}
	s.event("plain.event", "subject")
	s.event(strings.Repeat("t", ledger.MaxTypeLen), strings.Repeat("\u00e9", ledger.MaxIDLen/2))
	s.batch.Events[1].Payload = bytes.Repeat([]byte("\xff\x00"), ledger.MaxContentLen/2)
	s.event("empty", "")
	s.batch.Events[2].Payload, s.batch.Events[2].Salt = nil, nil
	b := s.finish()
	b.Block.Body = bytes.Repeat([]byte("\x00body\xff"), 1<<20)
	b.Block.Hash, b.Block.Previous = [32]byte{0: 255, 31: 1}, [32]byte{0: 1, 31: 255}
	b.Head.Hash = b.Block.Hash
	write(t, s.store, s.head.Ledger, func(*ledger.Found) *ledger.Batch { return b })
	s.keep(b)
	s.agree()

	// A block without effects is a block; a block may be written at the time of the last.
	s.next.Time = s.head.Time
	b = s.finish()
	b.Block.Body = []byte{0}
	write(t, s.store, s.head.Ledger, func(*ledger.Found) *ledger.Batch { return b })
	s.keep(b)
	s.agree()
}

func testBytes(t *testing.T, s *scribe) {
	for i, text := range []string{
		`{"a":1, "a" : 2,"b":  "\u00e9"}`, // a key twice, spaces, an escape
		`{ "z":1,"a":1 }`,
		"{\"line\":\r\n\"break\"}\n",
		`{"number":1.0,"large":12345678901234567890123456789,"small":1e-400}`,
		`{"slash":"\/","nul":"\u0000","lone":"\ud800"}`,
		`{"html":"<&>","separators":"` + "\u2028\u2029" + `"}`,
		`[]`, `null`, `"text"`, `{`, ` `,
		"\xff\xfe not text", "nul \x00 inside", "trailing nul \x00", "\\x41", "\\101", "'quoted'",
	} {
		name := string('a' + rune(i))
		s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: name}, Content: []byte(text)})
		s.event("type", name)
		s.batch.Events[i].Payload = []byte(text)
		s.change(name)
		s.batch.Changes[i].Outcome, s.batch.Changes[i].Tags = []byte(text), []byte(text)
		if text[0] == '{' && len(text) > 1 { // metadata is always an object
			s.post("from", "to", 1).Metadata = []byte(text)
			s.hold(name, "from", "to", firstBlock)
			s.batch.Holds[len(s.batch.Holds)-1].Metadata = []byte(text)
		}
	}
	s.commit()
	s.agree()
}

// awkwardIDs are ids that a database may order, fold, pad, cut or match in a way of its own.
// They are not in order.
func awkwardIDs() []string {
	return []string{
		"b", "a", "B", "A", "_", "\u00e9", "e\u0301", "e", "Z", "z", "ab", "aB", "a b", "a-b", "a_b", "a%b", "a", " a", "a ", "a!", "a\\b", "a'b", `a"b`,
		"10", "9", "2", "010", "1e1", "-", "~", "!", "%", "*", "?", "[a]", "null", "NULL",
		"\u00df", "ss", "SS", "\u0131", "i", "I", "\u0130", "\ufb01", "fi", "\u00c5", "\u212b", "\u4e2d\u6587", "\U00020000", "\uFFFD", "\uE000", "\U0001F600", "\u200b", "\u200ba",
		strings.Repeat("a", ledger.MaxIDLen), strings.Repeat("a", ledger.MaxIDLen-1) + "b", strings.Repeat("\U0001F600", ledger.MaxIDLen/4),
	}
}

func testIDs(t *testing.T, s *scribe) {
	ids := slices.Compact(slices.Sorted(slices.Values(awkwardIDs())))
	for i, id := range ids {
		s.change(id)
		s.hold(id, "from", "to", firstBlock)
		s.put(ledger.RecordRow{
			RecordKey: ledger.RecordKey{Type: "type", ID: id}, Content: []byte{byte(i)},
			Unique: []string{id}, Labels: []string{id}, Due: firstBlock,
		})
		s.event("type", id)
		p := s.post("from", "to", 1)
		p.Change, p.Hold, p.Reference = id, id, id
	}
	s.commit()
	s.agree()
	s.find(ledger.Need{Changes: ids, Holds: ids, Unique: ids})
	for _, id := range ids {
		s.find(ledger.Need{Changes: []string{id}, Holds: []string{id}, Unique: []string{id}, Records: []ledger.RecordKey{{Type: "type", ID: id}}})
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "type", Label: id, Limit: len(ids)})
		})
	}
}
