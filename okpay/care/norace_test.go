//go:build !race

package care_test

// histories is how many random histories are compared with the model.
const histories = 10_000
