package ledger

import "time"

// share bounds what a block may hold while other processes write too: they wait for the
// head as long as this one has it, and each of them would wait for all the others.
type share struct {
	most int // Changes of a block, 0 while blocks were never seen to take too long
}

const (
	// shareTime is how long a block should have the head at most. Four processes in turn then
	// wait for less than a quarter of a second, and the fixed part of a block is still small
	// beside it.
	shareTime = 40 * time.Millisecond
	// shareLeast is how many Changes a block may have however long it takes: with few, the fixed
	// part would be most of it.
	shareLeast = 256
)

// wrote notes how long a block of so many Changes had the head. One that took too long at most
// halves the bound, because it may have been the disk's fault.
func (s *share) wrote(changes int, took time.Duration) {
	if took <= 0 {
		return // the clock was set back
	}
	fits := int(float64(changes) * float64(shareTime) / float64(took))
	switch {
	case took > shareTime && changes > shareLeast:
		s.most = max(fits, changes/2, shareLeast)
	case took <= shareTime && s.most > 0:
		s.most = max(fits, s.most)
	}
}

// bound is how many Changes a block may have where others write.
func (s *share) bound(most int) int {
	if s.most == 0 {
		return most
	}
	return min(s.most, most)
}
