package identity

import "time"

// stampOf is a time as facts tell it.
func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }
