// Package testsize says how large heavy tests are: kill runs, long histories, simulations.
package testsize

import (
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable that scales heavy tests: a whole number by which
// each multiplies its size. It defaults to 1, which is what continuous integration runs.
const Variable = "OKPAY_TEST_SIZE"

// Scaled returns the size of a heavy test whose size is normal unless told otherwise.
func Scaled(t testing.TB, normal int) int {
	t.Helper()
	text := os.Getenv(Variable)
	if text == "" {
		return normal
	}
	factor, err := strconv.Atoi(text)
	if err != nil || factor < 1 {
		t.Fatalf("%s is %q, want a whole number from 1", Variable, text)
	}
	return normal * factor
}
