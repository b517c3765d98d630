//go:build race

package care_test

// histories is how many random histories are compared with the model. The race detector makes
// each of them many times as slow.
const histories = 1_000
