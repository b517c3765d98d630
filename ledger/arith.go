package ledger

import (
	"encoding/json"
	"math"
	"time"
)

func add(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

func sub(a, b int64) (int64, bool) {
	d := a - b
	return d, (d < a) == (b > 0)
}

func negate(a int64) (int64, bool) {
	return -a, a != math.MinInt64
}

// micro cuts a time to what every store can keep.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// encodeMetadata writes metadata as a JSON object with sorted keys, nil when empty.
func encodeMetadata(m map[string]string) []byte {
	if len(m) == 0 {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		// A map of strings always marshals; the form was checked to be UTF-8 before.
		panic(err)
	}
	return b
}
