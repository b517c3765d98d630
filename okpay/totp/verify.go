package totp

import (
	"crypto/subtle"
	"time"
)

// Result says what [Verify] found. The zero value means nothing was found out: an error
// came with it.
type Result string

// The results of Verify. A caller counts each of them but OK as one failed attempt, and
// tells the person who tries no more than that the code was not accepted.
const (
	// OK is for the right code of a step that was not used before.
	OK Result = "ok"
	// Wrong is for a code of none of the steps that are looked at.
	Wrong Result = "wrong"
	// Replayed is for a code that is right, but of a step that is used or lies before one
	// that is.
	Replayed Result = "replayed"
	// Malformed is for what is not a code at all: anything but the agreed number of ASCII
	// digits.
	Malformed Result = "malformed"
)

// NoStep is the last step of a secret of which no code was accepted yet. Zero, and any
// other number that lies in the past, will do as well.
const NoStep int64 = -1

// The steps that Verify looks at, counted from the current one. It accepts what lies in
// the window: one step of delay, as RFC 6238 recommends (section 5.2), and one step for a
// phone whose clock is ahead. It looks further back for steps that have the same code by
// chance: the code of an accepted step can come back into the window after three steps,
// and is known by the old step, which is in sight for one step longer.
const (
	windowFrom = -1
	sightFrom  = -4
	sightTo    = 1
	sightSteps = sightTo - sightFrom + 1
)

// Verify judges a code at a time: is it right, and is it used for the first time? It is
// given the last step of which a code was accepted (RFC 6238, section 5.2: a code must not
// be accepted twice) and returns the new one: lastStep itself, unless the result is OK.
//
//   - A code that is not the agreed number of ASCII digits is Malformed. Spaces, hyphens,
//     signs, line ends and the digits of other scripts are not taken out or translated: a
//     form may do that with what was typed before it calls Verify.
//   - A code that is of neither the current step nor the one before or after it is Wrong.
//   - A code that is of lastStep, of a step before it, or of both such a step and a later
//     one, is Replayed. Steps from the fourth before the current one are looked at, because
//     two steps near each other may have the same code.
//   - Any other code is OK, and the new last step is the latest one in the window that has
//     this code.
//
// Verify is pure: two calls at once with one lastStep both say OK. So the caller must store
// the new step by compare-and-swap, only if the stored one is still lastStep, in the same
// transaction as what the code allows. Where that fails, it reads the stored step and calls
// Verify again, which then says Replayed.
//
// A lastStep in the future means that the clock was set back. Until the time of that step
// has passed, every right code is Replayed: nobody gets in with a code that was seen, and
// where the clock had been far ahead, the person must enroll anew.
//
// All steps are computed and compared whatever is found, so the time that Verify takes
// tells nothing of which one matched. Errors, of which the first wins: [ErrInvalidParams],
// [ErrInvalidTime], [ErrShortSecret] for the zero Secret. With an error there is no result
// and no failed attempt to count.
func Verify(secret Secret, params Params, code string, now time.Time, lastStep int64) (Result, int64, error) {
	current, err := params.Step(now)
	if err != nil {
		return "", lastStep, err
	}
	if err := secret.check(); err != nil {
		return "", lastStep, err
	}
	if !wellFormed(code, params.Defaulted().Digits) {
		return Malformed, lastStep, nil
	}
	var matches [sightSteps]bool
	g, given := newGenerator(secret, params), []byte(code)
	for i := range matches {
		if step := current + sightFrom + int64(i); step >= 0 {
			matches[i] = subtle.ConstantTimeCompare(g.code(uint64(step)), given) == 1
		}
	}
	result, step := judge(matches, current, lastStep)
	return result, step, nil
}

// judge decides by which of the steps in sight have the given code.
func judge(matches [sightSteps]bool, current, lastStep int64) (Result, int64) {
	first, last := int64(0), int64(0) // the first match in sight, the last one in the window
	found, inWindow := false, false
	for i, match := range matches {
		if !match {
			continue
		}
		step := current + sightFrom + int64(i)
		if !found {
			found, first = true, step
		}
		if sightFrom+i >= windowFrom {
			inWindow, last = true, step
		}
	}
	switch {
	case !inWindow:
		return Wrong, lastStep
	case first <= lastStep:
		return Replayed, lastStep
	default:
		return OK, last
	}
}

// wellFormed reports whether a text consists of so many ASCII digits.
func wellFormed(code string, digits int) bool {
	if len(code) != digits {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}
