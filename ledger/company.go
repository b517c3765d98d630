package ledger

import "time"

// company is how many callers a block may expect where other processes write too. A turn at
// the head is short and dear there, and those who were answered a moment ago are about to
// come back: one block of all of them costs far less of the turn than two of half of them.
// Alone, nobody waits for company: while one block is written the next one fills by itself.
type company struct {
	met    time.Time // when somebody else's block was last found
	expect int       // Changes
}

const (
	// meets is how long one foreign block counts.
	meets = 50 * time.Millisecond
	// companyWait is the longest wait for those who are expected.
	companyWait = 300 * time.Microsecond
)

// took notes how many Changes a block took. What is expected falls slowly: a block
// may be short by chance.
func (m *company) took(changes int) {
	m.expect = max(changes, (7*m.expect+changes)/8)
}

// await waits for the company that is expected, at most for companyWait. A lone caller's block expects
// none.
func (m *company) await(q *queue, now func() time.Time) {
	if m.expect <= 1 || m.met.IsZero() || now().Sub(m.met) >= meets {
		return
	}
	timer := time.NewTimer(companyWait)
	defer timer.Stop()
	for {
		if enough, closed := q.enough(m.expect); enough || closed {
			return
		}
		select {
		case <-q.ready:
		case <-timer.C:
			return
		}
	}
}
