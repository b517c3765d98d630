package importrules

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Words of testdata/modules.txt that stand in place of a package.
const (
	everywhere = "..."
	inTests    = "tests"
	pinned     = "pinned"
)

// listedModules reads testdata/modules.txt: for each module where it may be used.
func listedModules(text string) (map[string][]string, error) {
	modules := map[string][]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case len(fields) == 1:
			return nil, fmt.Errorf("%s: say where it may be used", fields[0])
		case modules[fields[0]] != nil:
			return nil, fmt.Errorf("%s is listed twice", fields[0])
		default:
			modules[fields[0]] = fields[1:]
		}
	}
	return modules, nil
}

// checkModules returns what is wrong with the packages of other modules that the
// package p imports, given where each module may be used.
func checkModules(p *pkg, listed map[string][]string) []string {
	var wrong []string
	check := func(imported string, test bool) {
		first, _, _ := strings.Cut(imported, "/")
		if _, ours := inModule(imported); ours || !strings.Contains(first, ".") {
			return // a package of this module or of the standard library
		}
		// Where one module lies in the directory of another, the longer name has it.
		var name string
		for candidate := range listed {
			if match(candidate+"/...", imported) && len(candidate) > len(name) {
				name = candidate
			}
		}
		where := listed[name]
		switch {
		case name == "":
			wrong = append(wrong, fmt.Sprintf("%s imports %s, whose module is not listed in testdata/modules.txt",
				p.path, imported))
		case test, matchAny(where, p.path), slices.Contains(where, everywhere):
		case slices.Contains(where, inTests) && p.support():
		default:
			wrong = append(wrong, fmt.Sprintf("%s must not import %s: testdata/modules.txt says where it is used",
				p.path, imported))
		}
	}
	for _, imported := range imports(p.code) {
		check(imported, false)
	}
	for _, imported := range imports(p.tests) {
		check(imported, true)
	}
	return wrong
}

// checkRequirements returns how go.mod and the list differ. Modules that go.mod
// requires are direct (true) or indirect (false).
func checkRequirements(required map[string]bool, listed map[string][]string) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		direct, found := required[name]
		if !found {
			wrong = append(wrong, "go.mod does not require "+name+", which is listed")
		} else if !direct && !slices.Contains(listed[name], pinned) {
			wrong = append(wrong, "nothing imports "+name+", which is listed")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if required[name] && listed[name] == nil {
			wrong = append(wrong, "go.mod requires "+name+", which is not listed in testdata/modules.txt")
		}
	}
	return wrong
}

func TestModules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/modules.txt")
	require.NoError(t, err)
	listed, err := listedModules(string(text))
	require.NoError(t, err)

	for _, p := range tree(t) {
		for _, wrong := range checkModules(p, listed) {
			t.Error(wrong)
		}
	}

	command := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	command.Dir = root
	out, err := command.Output()
	require.NoError(t, err)
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	require.NoError(t, json.Unmarshal(out, &file))
	required := map[string]bool{}
	for _, r := range file.Require {
		required[r.Path] = !r.Indirect
	}
	for _, wrong := range checkRequirements(required, listed) {
		t.Error(wrong)
	}
}

func TestCheckModules(t *testing.T) {
	t.Parallel()
	listed := map[string][]string{
		"example.com/all":        {everywhere},
		"example.com/driver":     {"ledger/pgstore", "examples/..."},
		"example.com/assert":     {inTests},
		"example.com/all/nested": {pinned},
	}
	tests := []struct {
		name, dir, file, imported string
		ok                        bool
	}{
		{"the standard library is free", "okpay", "a.go", "net/http", true},
		{"this module is another rule's business", "okpay", "a.go", module + "/webhook", true},
		{"what may be used everywhere", "okpay", "a.go", "example.com/all/sub", true},
		{"a module in another's directory is a module of its own", "okpay", "a.go", "example.com/all/nested", false},
		{"a module that is not listed", "okpay", "a.go", "example.com/stranger", false},
		{"a module whose name begins like a listed one", "okpay", "a.go", "example.com/all2", false},
		{"a module that is not listed, in a test", "okpay", "a_test.go", "example.com/stranger", false},
		{"a driver in the store it is for", "ledger/pgstore", "a.go", "example.com/driver", true},
		{"a driver below a directory it is for", "examples/embed", "a.go", "example.com/driver/v5", true},
		{"a driver elsewhere", "ledger", "a.go", "example.com/driver", false},
		{"a driver elsewhere in a test", "ledger", "a_test.go", "example.com/driver", true},
		{"assertions in a test", "ledger", "a_test.go", "example.com/assert", true},
		{"assertions in code", "ledger", "a.go", "example.com/assert", false},
		{"assertions in a package for tests", "ledger/ledgertest", "a.go", "example.com/assert", true},
		{"assertions in an internal package for tests", "internal/pgtest", "a.go", "example.com/assert", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := source(t, test.dir, test.file, fmt.Sprintf("package p\n\nimport %q\n", test.imported))
			assert.Equal(t, test.ok, len(checkModules(p, listed)) == 0)
		})
	}
}

func TestCheckRequirements(t *testing.T) {
	t.Parallel()
	const name = "example.com/m"
	tests := []struct {
		name     string
		required map[string]bool
		listed   map[string][]string
		ok       bool
	}{
		{"listed and required", map[string]bool{name: true}, map[string][]string{name: {inTests}}, true},
		{"required and not listed", map[string]bool{name: true}, nil, false},
		{"indirect and not listed", map[string]bool{name: false}, nil, true},
		{"listed and not required", nil, map[string][]string{name: {inTests}}, false},
		{"listed and only indirect", map[string]bool{name: false}, map[string][]string{name: {inTests}}, false},
		{"pinned and indirect", map[string]bool{name: false}, map[string][]string{name: {pinned}}, true},
		{"pinned and not required", nil, map[string][]string{name: {pinned}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.ok, len(checkRequirements(test.required, test.listed)) == 0)
		})
	}
}

func TestListedModules(t *testing.T) {
	t.Parallel()
	got, err := listedModules("# why\nexample.com/m  a b/... # because\n\nexample.com/n\ttests\n")
	require.NoError(t, err)
	assert.Equal(t, map[string][]string{"example.com/m": {"a", "b/..."}, "example.com/n": {"tests"}}, got)

	_, err = listedModules("example.com/m")
	assert.ErrorContains(t, err, "say where")
	_, err = listedModules("example.com/m a\nexample.com/m b")
	assert.ErrorContains(t, err, "twice")
}
