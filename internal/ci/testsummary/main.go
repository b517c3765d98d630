// Command testsummary reads what "go test -json" prints and shows it as "go test"
// would: the closing line of each package, and in full what a failed or skipped
// test said. Its last line counts the tests and subtests:
//
//	Tests: 1204 passed, 0 failed, 0 skipped
//
// It exits with 1 when a test failed or was skipped, when a package did not build
// or its tests did not come to an end, and when no test ran at all. A skipped
// test counts against a run because a run of CI has everything a test needs: one
// that is skipped there would never run anywhere.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	s, err := summarize(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	fmt.Println()
	for _, name := range s.skipped {
		fmt.Println("Skipped, which no test may be here:", name)
	}
	for _, name := range s.failed {
		fmt.Println("Failed:", name)
	}
	fmt.Println(s)
	if !s.ok() {
		os.Exit(1)
	}
}

// event is one line of "go test -json", as "go doc test2json" describes it, or,
// with an ImportPath, one line of "go build -json".
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// test names one test or subtest.
type test struct {
	pkg, name string
}

func (t test) String() string {
	return t.pkg + " " + t.name
}

// summary counts how tests ended and names those that did not pass. A package
// that failed while none of its tests did is among the failed.
type summary struct {
	passed  int
	failed  []string
	skipped []string
}

func (s summary) ok() bool {
	return s.passed > 0 && len(s.failed) == 0 && len(s.skipped) == 0
}

func (s summary) String() string {
	return fmt.Sprintf("Tests: %d passed, %d failed, %d skipped", s.passed, len(s.failed), len(s.skipped))
}

// summarize reads events to their end and writes what a person wants to see of
// them as they come.
func summarize(r io.Reader, w io.Writer) (summary, error) {
	var s summary
	said := map[test]*strings.Builder{} // by tests that have not ended
	blamed := map[string]bool{}         // packages with a failed test
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				// The go command itself has something to say.
				if _, err := w.Write(line); err != nil {
					return s, err
				}
			} else if err := s.add(e, said, blamed, w); err != nil {
				return s, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return s, err
		}
	}
	for _, t := range unended(said, "") {
		s.failed = append(s.failed, t.String()+" (did not end)")
	}
	return s, nil
}

// add takes one event.
func (s *summary) add(e event, said map[test]*strings.Builder, blamed map[string]bool, w io.Writer) error {
	t := test{e.Package, e.Test}
	var show string
	switch {
	case e.Action == "build-output":
		show = e.Output

	case e.Test == "" && e.Action == "output":
		// A package that passed closes with "ok"; its bare PASS says no more.
		if e.Output != "PASS\n" {
			show = e.Output
		}
	case e.Test == "" && e.Action == "fail":
		// The last words of a test that crashed the package or ran out of time.
		for _, t := range unended(said, e.Package) {
			show += said[t].String()
			s.failed = append(s.failed, t.String()+" (did not end)")
			blamed[e.Package] = true
			delete(said, t)
		}
		if !blamed[e.Package] {
			s.failed = append(s.failed, e.Package)
		}
	case e.Test == "":

	case e.Action == "run":
		said[t] = &strings.Builder{}
	case e.Action == "output":
		if said[t] == nil {
			said[t] = &strings.Builder{}
		}
		said[t].WriteString(e.Output)
	case e.Action == "pass":
		s.passed++
		delete(said, t)
	case e.Action == "fail" || e.Action == "skip":
		if said[t] != nil {
			show = said[t].String()
		}
		delete(said, t)
		if e.Action == "skip" {
			s.skipped = append(s.skipped, t.String())
		} else {
			s.failed = append(s.failed, t.String())
			blamed[e.Package] = true
		}
	}
	_, err := io.WriteString(w, show)
	return err
}

// unended lists in order the tests of a package, or with an empty name of all,
// that were begun and have not ended.
func unended(said map[test]*strings.Builder, pkg string) []test {
	var tests []test
	for t := range said {
		if pkg == "" || t.pkg == pkg {
			tests = append(tests, t)
		}
	}
	slices.SortFunc(tests, func(a, b test) int { return strings.Compare(a.String(), b.String()) })
	return tests
}
