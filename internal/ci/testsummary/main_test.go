package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events []string
		shown  string
		last   string
		ok     bool
	}{
		{
			name: "what passed is counted and not repeated",
			events: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"run","Package":"p","Test":"TestA/sub"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/sub"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			shown: "ok  \tp\t0.1s\n",
			last:  "Tests: 2 passed, 0 failed, 0 skipped",
			ok:    true,
		},
		{
			name: "what failed is shown in full",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:4: wrong\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"pass","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			shown: "    a_test.go:4: wrong\n--- FAIL: TestA (0.00s)\nFAIL\tp\t0.1s\n",
			last:  "Tests: 1 passed, 1 failed, 0 skipped",
		},
		{
			name: "a skipped test counts against the run",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: no database\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestB"}`,
			},
			shown: "    b_test.go:3: no database\n",
			last:  "Tests: 1 passed, 0 failed, 1 skipped",
		},
		{
			name: "a package without tests is not a skipped test",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}`,
				`{"Action":"skip","Package":"q"}`,
			},
			shown: "?   \tq\t[no test files]\n",
			last:  "Tests: 1 passed, 0 failed, 0 skipped",
			ok:    true,
		},
		{
			name: "a package that does not build fails",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"ImportPath":"q [q.test]","Action":"build-output","Output":"q_test.go:3: undefined: x\n"}`,
				`{"ImportPath":"q [q.test]","Action":"build-fail"}`,
				`{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}`,
				`{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}`,
			},
			shown: "q_test.go:3: undefined: x\nFAIL\tq [build failed]\n",
			last:  "Tests: 1 passed, 1 failed, 0 skipped",
		},
		{
			name: "a test that crashed its package fails once and has the last word",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			shown: "FAIL\tp\t0.1s\npanic: boom\n",
			last:  "Tests: 0 passed, 1 failed, 0 skipped",
		},
		{
			name: "a run that was cut off fails",
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
			},
			last: "Tests: 1 passed, 1 failed, 0 skipped",
		},
		{
			name:   "a run without tests is not a success",
			events: []string{`{"Action":"skip","Package":"p"}`},
			last:   "Tests: 0 passed, 0 failed, 0 skipped",
		},
		{
			name:   "a line that is no event is passed on",
			events: []string{"go: no such module"},
			shown:  "go: no such module\n",
			last:   "Tests: 0 passed, 0 failed, 0 skipped",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var shown strings.Builder
			s, err := summarize(strings.NewReader(strings.Join(test.events, "\n")+"\n"), &shown)
			require.NoError(t, err)
			assert.Equal(t, test.shown, shown.String())
			assert.Equal(t, test.last, s.String())
			assert.Equal(t, test.ok, s.ok())
		})
	}
}
