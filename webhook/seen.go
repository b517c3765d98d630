package webhook

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Claim is the answer of [Seen.Begin]. The zero value means nothing; a store
// never returns it without an error.
type Claim int

// The answers of [Seen.Begin].
const (
	// ClaimGranted means that the id was unknown and is now the caller's, who
	// must end with Done or Forget.
	ClaimGranted Claim = iota + 1
	// ClaimTaken means that another delivery of the id is being handled.
	ClaimTaken
	// ClaimDone means that the id was handled before.
	ClaimDone
)

// Seen remembers which messages were handled, so that a redelivery is not
// handled again. One store serves one source of messages: ids of different
// senders may be equal. Methods may be called from several goroutines at once.
//
// A store that is shared between processes should let a claim lapse after some
// minutes, since the process that holds it may have died. It should remember
// ids for at least as long as the sender goes on trying, which is three to four
// days with the standard's schedule.
//
// To be certain that a message takes effect once, even if the process dies
// between the effect and Done, store the message's id in the same database
// transaction as the effect.
type Seen interface {
	// Begin claims the id. Of several callers at once, one gets [ClaimGranted].
	// After an error nothing is claimed.
	Begin(ctx context.Context, id string) (Claim, error)
	// Done records that the claimed id was handled, durably if the store is.
	Done(ctx context.Context, id string) error
	// Forget gives up the claim, so that the next delivery is handled.
	Forget(ctx context.Context, id string) error
}

// The defaults of [MemorySeenConfig].
const (
	DefaultSeenCapacity = 10_000
	DefaultSeenTTL      = 96 * time.Hour // the standard's ten attempts take 76 hours
)

// MemorySeenConfig sets up a [MemorySeen]. The zero value works.
type MemorySeenConfig struct {
	// Capacity is how many handled ids are remembered; the one handled longest
	// ago is dropped for a new one. An id takes some hundreds of bytes. Zero or
	// less means the default. Defaults to [DefaultSeenCapacity].
	Capacity int
	// TTL is how long a handled id is remembered. Zero or less means the
	// default. Defaults to [DefaultSeenTTL].
	TTL time.Duration
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// MemorySeen is a [Seen] in the memory of one process, bounded by number and
// age. It forgets everything when the process ends. Claims are not counted
// against the capacity and never lapse: there are as many as requests being
// handled. Its methods return no errors.
type MemorySeen struct {
	capacity int
	ttl      time.Duration
	now      func() time.Time

	mu      sync.Mutex
	claimed map[string]struct{}
	handled map[string]*list.Element
	oldest  *list.List // of handledID, in the order they were handled
}

type handledID struct {
	id string
	at time.Time
}

// NewMemorySeen returns an empty store.
func NewMemorySeen(config MemorySeenConfig) *MemorySeen {
	s := &MemorySeen{
		capacity: config.Capacity,
		ttl:      config.TTL,
		now:      config.Now,
		claimed:  make(map[string]struct{}),
		handled:  make(map[string]*list.Element),
		oldest:   list.New(),
	}
	if s.capacity <= 0 {
		s.capacity = DefaultSeenCapacity
	}
	if s.ttl <= 0 {
		s.ttl = DefaultSeenTTL
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Begin claims the id unless it is claimed or was handled.
func (s *MemorySeen) Begin(_ context.Context, id string) (Claim, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(now)
	if _, found := s.handled[id]; found {
		return ClaimDone, nil
	}
	if _, found := s.claimed[id]; found {
		return ClaimTaken, nil
	}
	s.claimed[id] = struct{}{}
	return ClaimGranted, nil
}

// Done records that the id was handled.
func (s *MemorySeen) Done(_ context.Context, id string) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claimed, id)
	if element, found := s.handled[id]; found {
		s.oldest.Remove(element)
	}
	s.handled[id] = s.oldest.PushBack(handledID{id, now})
	s.drop(now)
	return nil
}

// Forget gives up the claim.
func (s *MemorySeen) Forget(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claimed, id)
	return nil
}

// drop removes what is too old or too much.
func (s *MemorySeen) drop(now time.Time) {
	for front := s.oldest.Front(); front != nil; front = s.oldest.Front() {
		oldest := front.Value.(handledID)
		if s.oldest.Len() <= s.capacity && now.Sub(oldest.at) < s.ttl {
			return
		}
		s.oldest.Remove(front)
		delete(s.handled, oldest.id)
	}
}
