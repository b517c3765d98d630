package ledgertest

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// model is what a ledger has to do, written anew for histories: with maps, integers without
// bounds and the shortest rule for everything. It shares no code with the ledger. What it lacks is
// everything that makes a ledger fast or lasting.
type model struct {
	last     time.Time // of the last block
	now      time.Time // of the block being decided
	scales   map[string]int
	accounts map[ledger.AccountKey]*modelAccount
	opened   []ledger.AccountKey
	holds    map[string]*modelHold
	records  map[ledger.RecordKey]modelRecord
	unique   map[string]ledger.RecordKey
	changes  map[string]*modelChange
	events   []ledger.Event

	transactions, postings int64

	posted   map[int64][]modelPosting // transactions by their number
	reversed map[int64]bool

	undo []func() // what takes back the Change being decided
}

type modelPosting struct {
	debit, credit       *modelAccount
	amount              *big.Int
	recorded, effective time.Time
}

type modelAccount struct {
	key      ledger.AccountKey
	rule     modelRule
	balance  *big.Int // credits less debits
	debits   *big.Int
	turnover *big.Int // of dated entries
	entries  int64
	flags    ledger.AccountFlags
	reserved []*modelHold // holds that touch it
	sums     *modelSums   // of reserved, nil when they have to be added up again
}

// modelSums are what open holds take from an account and give to it at one instant.
type modelSums struct {
	out, in *big.Int
	at      time.Time
}

type modelRule struct {
	debit    bool
	min, max *int64
}

type modelHold struct {
	status  ledger.HoldStatus
	expires time.Time
	legs    []modelLeg
}

type modelLeg struct {
	debit, credit ledger.AccountKey
	amount, rest  *big.Int
}

type modelRecord struct {
	version        int64
	plain, erased  bool
	content        string
	unique, labels []string
	due            time.Time
}

type modelChange struct {
	change ledger.Change
	answer answerOf
}

// answerOf is what a caller is told, without what the model does not decide: block and time.
type answerOf struct {
	Recorded     bool // in a block, with the outcome below
	Replayed     bool
	Alternative  bool
	First        int64
	Transactions int
	Result       string
	Refusal      ledger.Refusal
	Error        string // of what is not a refusal
}

func newModel() *model {
	return &model{
		scales: make(map[string]int), accounts: make(map[ledger.AccountKey]*modelAccount),
		holds: make(map[string]*modelHold), records: make(map[ledger.RecordKey]modelRecord),
		unique: make(map[string]ledger.RecordKey), changes: make(map[string]*modelChange),
		posted: make(map[int64][]modelPosting), reversed: make(map[int64]bool),
	}
}

// set changes a place in memory, and back when the Change is taken back.
func set[T any](m *model, place *T, value T) {
	was := *place
	m.undo = append(m.undo, func() { *place = was })
	*place = value
}

// put changes an entry of a map, and back when the Change is taken back.
func put[K comparable, V any](m *model, in map[K]V, key K, value V) {
	was, there := in[key]
	m.undo = append(m.undo, func() {
		if there {
			in[key] = was
		} else {
			delete(in, key)
		}
	})
	in[key] = value
}

func remove[K comparable, V any](m *model, in map[K]V, key K) {
	was, there := in[key]
	m.undo = append(m.undo, func() {
		if there {
			in[key] = was
		}
	})
	delete(in, key)
}

// grow appends to a list, and shortens it when the Change is taken back.
func grow[T any](m *model, list *[]T, more ...T) {
	n := len(*list)
	m.undo = append(m.undo, func() { *list = (*list)[:n] })
	*list = append(*list, more...)
}

func (m *model) takeBack(to int) {
	for i := len(m.undo) - 1; i >= to; i-- {
		m.undo[i]()
	}
	m.undo = m.undo[:to]
}

// refusal is a refusal on its way up. Where an operation breaks several limits, it does not
// matter which of them is told.
type refusal []ledger.Refusal

func (r refusal) Error() string { return fmt.Sprint([]ledger.Refusal(r)) }

// other is an error that is no refusal, by its description.
type other string

func (e other) Error() string { return string(e) }

func pins(r ledger.Refusal) bool {
	return slices.Contains([]ledger.Reason{
		ledger.InsufficientFunds, ledger.LimitExceeded, ledger.BalanceOverflow, ledger.HoldUnknown, ledger.AccountFrozen,
		ledger.AccountClosed, ledger.AccountOpen, ledger.ConditionFailed, ledger.TransactionUnknown,
	}, r.Reason)
}

// decide says what becomes of a Change now, and keeps it if keep is set. Where several answers
// are right, it is the one that was heard, if that is among them.
func (m *model) decide(c *ledger.Change, at time.Time, heard answerOf, keep bool) answerOf {
	answer := m.one(c, at, heard)
	m.end(keep && answer.Recorded && !answer.Replayed)
	return answer
}

// chain says what becomes of linked Changes, and keeps it.
func (m *model) chain(members []*ledger.Change, at time.Time, heard []answerOf) []answerOf {
	answers := make([]answerOf, len(members))
	fresh, used := false, false
	for _, c := range members {
		fresh, used = fresh || m.changes[c.ID] == nil, used || m.changes[c.ID] != nil
	}
	for i, c := range members {
		if fresh && used && m.changes[c.ID] == nil {
			continue // the one whose id was used before fails the chain
		}
		answers[i] = m.one(c, at, heard[i])
		happened := answers[i].Recorded && answers[i].Refusal == ledger.Refusal{}
		if !fresh || happened && !answers[i].Replayed {
			continue
		}
		m.takeBack(0)
		for j := range answers {
			if j != i {
				answers[j] = answerOf{Error: "linked"}
			}
		}
		if answers[i].Recorded && !answers[i].Replayed { // it keeps its reason
			put(m, m.changes, c.ID, &modelChange{change: *c, answer: answers[i]})
			m.end(true)
		}
		return answers
	}
	m.end(fresh)
	return answers
}

// end keeps what was decided, or takes it back.
func (m *model) end(keep bool) {
	if !keep {
		m.takeBack(0)
		return
	}
	m.undo = m.undo[:0]
	m.last = m.now
	if len(m.changes)%500 == 0 {
		m.forget()
	}
}

// one decides one Change, to be kept or taken back.
func (m *model) one(c *ledger.Change, at time.Time, heard answerOf) answerOf {
	if known := m.changes[c.ID]; known != nil {
		if field := differs(&known.change, c); field != "" {
			return answerOf{Error: "reused " + field}
		}
		again := known.answer
		again.Replayed = true
		return again
	}
	if m.now = at; at.Before(m.last) {
		m.now = m.last
	}
	if !c.NotAfter.IsZero() && m.now.After(c.NotAfter) {
		return answerOf{Error: "deadline"}
	}
	answer := answerOf{Recorded: true, Result: c.Result}
	if c.Refusal != nil {
		answer.Refusal = *c.Refusal
	}
	transactions, first, before := m.transactions, m.postings+1, len(m.undo)
	if err := m.apply(c); err != nil {
		m.takeBack(before)
		answer = m.failed(c, err, heard)
	}
	if n := int(m.transactions - transactions); n > 0 {
		answer.First, answer.Transactions = first, n
	}
	if answer.Recorded {
		put(m, m.changes, c.ID, &modelChange{change: *c, answer: answer})
	}
	return answer
}

// failed says what becomes of a Change that failed, and does its Else if that is it.
func (m *model) failed(c *ledger.Change, err error, heard answerOf) (answer answerOf) {
	refused, ok := err.(refusal)
	if !ok {
		return answerOf{Error: err.Error()}
	}
	if i := slices.Index(refused, heard.Refusal); i > 0 {
		refused[0], refused[i] = refused[i], refused[0]
	}
	before := len(m.undo)
	for _, why := range refused {
		answer = answerOf{Recorded: pins(why), Refusal: why}
		if c.Else != nil && slices.Contains(c.Else.On, why.Reason) {
			err := m.apply(&c.Else.Change)
			if err == nil {
				return answerOf{Recorded: true, Alternative: true, Result: c.Result, Refusal: why}
			}
			m.takeBack(before)
			inner, ok := err.(refusal)
			if !ok && (err == other("conflict") || !pins(why)) {
				answer = answerOf{Error: err.Error()}
			}
			for _, last := range inner {
				if answer = (answerOf{Recorded: pins(why) || pins(last), Refusal: last}); answer == heard {
					break
				}
			}
		}
		if answer == heard {
			break
		}
	}
	return answer
}

// differs names what a replay differs in, "" if it is one. Without a Request it is the
// contents that count, and the model does not say which part of them.
func differs(was, is *ledger.Change) string {
	if is.Request == nil || was.Request == nil {
		if contents(was) == contents(is) {
			return ""
		}
		return "something"
	}
	for i, f := range is.Request {
		if i >= len(was.Request) || was.Request[i] != f {
			return f.Name
		}
	}
	if len(was.Request) > len(is.Request) {
		return "number of fields"
	}
	return ""
}

// contents has what a Change without a Request is compared by.
func contents(c *ledger.Change) string {
	text := fmt.Sprintf("%+v %+v %+v %+v", c.Request, c.Ops, c.Puts, c.Events)
	if c.Refusal != nil {
		text += " " + string(c.Refusal.Reason)
	}
	if c.Else != nil {
		text += fmt.Sprintf(" else on %v %s", c.Else.On, contents(&c.Else.Change))
	}
	return text
}

func (m *model) apply(c *ledger.Change) error {
	for _, e := range c.Expects {
		if m.records[ledger.RecordKey{Type: e.Type, ID: e.ID}].version != e.Version {
			return other("conflict")
		}
	}
	for _, op := range c.Ops {
		if err := m.operate(op); err != nil {
			return err
		}
	}
	for i := range c.Puts {
		if err := m.put(&c.Puts[i]); err != nil {
			return err
		}
	}
	if len(c.Events) > 0 {
		grow(m, &m.events, c.Events...)
	}
	return nil
}

func (m *model) put(p *ledger.Put) error {
	key := ledger.RecordKey{Type: p.Type, ID: p.ID}
	was := m.records[key]
	if was.version > 0 && was.plain != (p.Chaining == ledger.Plain) {
		return other("invalid puts.chaining")
	}
	if p.Erase && (was.version == 0 || was.erased) {
		return other("not found")
	}
	for _, u := range p.Unique {
		if holder, taken := m.unique[u]; taken && holder != key {
			return other("duplicate " + u)
		}
	}
	for _, u := range was.unique {
		remove(m, m.unique, u)
	}
	for _, u := range p.Unique {
		put(m, m.unique, u, key)
	}
	put(m, m.records, key, modelRecord{
		version: was.version + 1, plain: p.Chaining == ledger.Plain, erased: p.Erase,
		content: string(p.Content), unique: p.Unique, labels: p.Labels, due: p.Due,
	})
	return nil
}

// limits of an account at the moment: what can be spent and what it may rise to.
func (m *model) limits(a *modelAccount) (spendable, highest *big.Int) {
	out, in := m.pending(a)
	spendable, highest = new(big.Int).Sub(a.balance, out), new(big.Int).Add(a.balance, in)
	if a.rule.debit {
		spendable, highest = new(big.Int).Neg(highest), new(big.Int).Neg(spendable)
	}
	return spendable, highest
}

// pending sums what open holds take from an account and give to it.
func (m *model) pending(a *modelAccount) (out, in *big.Int) {
	if s := a.sums; s != nil && s.at.Equal(m.now) {
		return s.out, s.in
	}
	out, in = new(big.Int), new(big.Int)
	for _, h := range a.reserved {
		if m.status(h) != ledger.HoldOpen {
			continue
		}
		for _, l := range h.legs {
			if l.debit == a.key {
				out.Add(out, l.rest)
			}
			if l.credit == a.key {
				in.Add(in, l.rest)
			}
		}
	}
	a.sums = &modelSums{out, in, m.now}
	return out, in
}

// stale says that the holds on an account change, now and if that is taken back.
func (m *model) stale(a *modelAccount) {
	a.sums = nil
	m.undo = append(m.undo, func() { a.sums = nil })
}

// forget drops holds that reserve nothing any more, to stay fast.
func (m *model) forget() {
	for _, a := range m.accounts {
		a.sums = nil
		a.reserved = slices.DeleteFunc(a.reserved, func(h *modelHold) bool { return m.status(h) != ledger.HoldOpen })
	}
}

// status is that of a hold at the moment.
func (m *model) status(h *modelHold) ledger.HoldStatus {
	if h.status == ledger.HoldOpen && !h.expires.IsZero() && !h.expires.After(m.now) {
		return ledger.HoldIsExpired
	}
	return h.status
}

func fits(v *big.Int) bool { return v.IsInt64() }

// account finds or opens an account.
func (m *model) account(key ledger.AccountKey) (*modelAccount, error) {
	if a := m.accounts[key]; a != nil {
		return a, nil
	}
	rule, ok := modelChart(key)
	if !ok {
		return nil, refusal{{Reason: ledger.AccountNotAllowed, Account: key}}
	}
	a := &modelAccount{key: key, rule: rule, balance: new(big.Int), debits: new(big.Int), turnover: new(big.Int)}
	put(m, m.accounts, key, a)
	grow(m, &m.opened, key)
	return a, nil
}

// modelChart is caseChart once more.
func modelChart(key ledger.AccountKey) (modelRule, bool) {
	zero, thousand := int64(0), int64(1000)
	overdraft, deposit, debt := int64(-500), int64(100), int64(-100)
	parts := strings.Split(key.Name, ":")
	if len(parts) < 2 {
		return modelRule{}, false
	}
	two := len(parts) == 2
	switch kind := parts[0]; {
	case kind == "bank" && two:
		return modelRule{debit: true}, true
	case kind == "vault" && two:
		return modelRule{debit: true, min: &zero, max: &thousand}, true
	case kind == "user" && len(parts) == 3 && parts[2] == "capped":
		return modelRule{min: &zero, max: &thousand}, true
	case kind == "user":
		return modelRule{min: &zero}, true
	case kind == "overdraft" && two:
		return modelRule{min: &overdraft}, true
	case kind == "deposit" && two:
		return modelRule{min: &deposit}, true
	case kind == "debt" && two:
		return modelRule{max: &debt}, true
	case kind == "yuan" && two:
		return modelRule{}, key.Currency == "CNY"
	case kind == "free":
		return modelRule{}, true
	}
	return modelRule{}, false
}

// short is by how much a limit was missed, as far as an int64 can tell.
func short(less, more *big.Int) int64 {
	d := new(big.Int).Sub(more, less)
	if !d.IsInt64() {
		return math.MaxInt64
	}
	return d.Int64()
}
