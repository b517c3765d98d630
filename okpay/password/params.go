package password

import "fmt"

// Params are the costs of argon2id.
type Params struct {
	Memory  uint32 // m, in KiB; at least 8 for each thread
	Time    uint32 // t, passes over the memory; at least 1
	Threads uint8  // p, lanes computed in parallel; at least 1
}

// DefaultParams returns what a Config uses that does not say otherwise: 19 MiB, two passes
// and one lane.
func DefaultParams() Params { return Params{Memory: 19 * 1024, Time: 2, Threads: 1} }

// DefaultCeiling returns the dearest parameters that a stored hash may have unless a
// Config says otherwise: 64 MiB, 16 passes and 16 lanes. The second recommendation of
// RFC 9106, section 4, which many libraries have as their default (m=64 MiB, t=3, p=4),
// is within it.
func DefaultCeiling() Params { return Params{Memory: 64 * 1024, Time: 16, Threads: 16} }

// check says what RFC 9106, section 3.1, does not allow.
func (p Params) check() error {
	switch {
	case p.Time < 1:
		return fmt.Errorf("time %d is less than one pass", p.Time)
	case p.Threads < 1:
		return fmt.Errorf("%d threads are less than one", p.Threads)
	case p.Memory < 8*uint32(p.Threads):
		return fmt.Errorf("memory of %d KiB is less than 8 KiB for each of %d threads", p.Memory, p.Threads)
	}
	return nil
}

// within reports whether no cost is above that of a ceiling.
func (p Params) within(ceiling Params) bool {
	return p.Memory <= ceiling.Memory && p.Time <= ceiling.Time && p.Threads <= ceiling.Threads
}

// bytes is the memory that one hash takes.
func (p Params) bytes() int64 { return int64(p.Memory) * 1024 }

// work is what one hash costs the processor, in KiB filled: the time that it takes is
// nearly in proportion.
func (p Params) work() uint64 { return uint64(p.Memory) * uint64(p.Time) }

// rest returns parameters for a hash that, added to a hash of the given work, costs as much
// as the work wanted, and false if nothing noticeable is missing. It takes no more memory
// than p.
func (p Params) rest(done, wanted uint64) (Params, bool) {
	if done >= wanted {
		return Params{}, false
	}
	missing := wanted - done
	passes := (missing + uint64(p.Memory) - 1) / uint64(p.Memory)
	// Both fit: memory is no more than p's, and the work wanted is that of parameters.
	rest := Params{Memory: uint32(missing / passes), Time: uint32(passes), Threads: p.Threads}
	return rest, rest.check() == nil
}
