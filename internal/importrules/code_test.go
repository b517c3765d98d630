package importrules

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// supportPackages are made for tests and may use what tests use.
var supportPackages = []string{"internal/handclock", "internal/pgtest", "internal/tables", "internal/testsize", "ledger/ledgertest", "mock"}

// readsEnvironment are the packages that may read the environment in code that is
// not a test: programs, and what tells tests where PostgreSQL is and how large to be.
var readsEnvironment = []string{"examples/...", "internal/pgtest", "internal/tables", "internal/testsize", "mock/cmd/..."}

// shapeless are names under which anything could be found, and so nothing is.
var shapeless = []string{
	"base", "common", "helper", "helpers", "misc", "model", "models", "shared", "util", "utils",
}

// variables are package-level variables that the rule for them would refuse,
// each with the reason why it may stay.
var variables = map[string]string{}

// checkNames returns what is wrong with the name of a package and its directory.
func checkNames(p *pkg) []string {
	names := []string{path.Base(p.path)}
	for _, file := range slices.Concat(p.code, p.tests) {
		names = append(names, strings.TrimSuffix(file.Name.Name, "_test"))
	}
	for _, name := range names {
		if slices.Contains(shapeless, name) {
			return []string{fmt.Sprintf("%s: a package called %s says nothing about what it does", p.path, name)}
		}
	}
	return nil
}

// checkInit finds functions that run because a package was imported.
func checkInit(p *pkg) []string {
	var wrong []string
	for _, file := range slices.Concat(p.code, p.tests) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && f.Name.Name == "init" {
				wrong = append(wrong, p.at(f)+": an import must do no work, so there is no init")
			}
		}
	}
	return wrong
}

// checkTesting finds code that is not for tests and brings the testing package,
// with its command-line flags, into a user's program.
func checkTesting(p *pkg) []string {
	if p.support() {
		return nil
	}
	var wrong []string
	for _, imported := range imports(p.code) {
		if match("testing/...", imported) || imported == "net/http/httptest" {
			wrong = append(wrong, fmt.Sprintf("%s imports %s, which is for tests", p.path, imported))
		}
	}
	return wrong
}

// checkEnvironment finds code that reads the environment: a library is told by its
// caller what it needs to know.
func checkEnvironment(p *pkg) []string {
	if matchAny(readsEnvironment, p.path) {
		return nil
	}
	readers := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}
	var wrong []string
	info := p.check()
	for _, file := range p.code {
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(readers, selector.Sel.Name) {
				return true
			}
			if from := importedFrom(info, selector); from == "os" || from == "syscall" {
				wrong = append(wrong, fmt.Sprintf("%s: reads the environment", p.at(selector)))
			}
			return true
		})
	}
	return wrong
}

// constructors may be called for a package-level variable: what they return does
// not change, and what can go wrong in them shows in the first test.
var constructors = []string{
	"errors.New",
	"fmt.Errorf",
	"github.com/google/go-cmp/cmp/cmpopts.SortSlices",
	"regexp.MustCompile",
	"strings.NewReplacer",
	"sync.OnceValue",
	"sync.OnceValues",
	"time.Date",
}

// checkVariables finds package-level variables of library code that are state.
// What may stand at package level is a sentinel error, an embedded file, an
// assertion ("var _ ="), and an unexported table or constructed value that the
// package itself never changes: no assignment, no address, no method that could
// write.
func checkVariables(p *pkg) []string {
	if !p.library() {
		return nil
	}
	info := p.check()
	written := writes(info, p.code)
	var wrong []string
	for _, file := range p.code {
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				spec := spec.(*ast.ValueSpec)
				embedded := embeds(group.Doc) || embeds(spec.Doc)
				for i, name := range spec.Names {
					if name.Name == "_" || variables[p.path+"."+name.Name] != "" {
						continue
					}
					var value ast.Expr
					if i < len(spec.Values) {
						value = spec.Values[i]
					}
					if why := mutable(info, name, value, embedded, written); why != "" {
						wrong = append(wrong, fmt.Sprintf("%s: variable %s %s", p.at(name), name.Name, why))
					}
				}
			}
		}
	}
	return wrong
}

// mutable says why a variable is state, or nothing if it is not.
func mutable(info *types.Info, name *ast.Ident, value ast.Expr, embedded bool, written map[types.Object]bool) string {
	if written[info.Defs[name]] {
		return "is changed, so it is state"
	}
	if embedded {
		if name.IsExported() {
			return "is exported, so any importer can change it"
		}
		return ""
	}
	if value == nil {
		return "has no value, so it waits to be changed"
	}
	if name.IsExported() && !sentinel(info, value) {
		return "is exported and no error, so any importer can change it"
	}
	if why := unfit(info, value); why != "" {
		return why
	}
	return ""
}

// sentinel reports whether a value is made as errors are.
func sentinel(info *types.Info, value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	return ok && slices.Contains([]string{"errors.New", "fmt.Errorf"}, callee(info, call))
}

// unfit says why a value cannot be that of a table.
func unfit(info *types.Info, value ast.Expr) string {
	var why string
	ast.Inspect(value, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // it does not run now
		case *ast.SelectorExpr:
			from := importedFrom(info, n)
			if match("sync/...", from) && !slices.Contains(constructors, from+"."+n.Sel.Name) {
				why = "is of a type made to be changed"
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				why = "is a pointer, through which it can be changed"
			}
		case *ast.CallExpr:
			name := callee(info, n)
			conversion := info.Types[n.Fun].IsType()
			// A method of what a call returned is as good as that call.
			if !conversion && name != "len" && name != "()" && !slices.Contains(constructors, name) {
				why = "is computed when the package is imported"
			}
		}
		return why == ""
	})
	return why
}

// callee names what is called: "errors.New" for a function of another package,
// "len" for one without a package, "()" for a method of what another call
// returned, and for the rest a name that is on no list.
func callee(info *types.Info, call *ast.CallExpr) string {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		if _, ok := f.X.(*ast.CallExpr); ok {
			return "()"
		}
		return importedFrom(info, f) + "." + f.Sel.Name
	case *ast.Ident:
		if _, ok := info.Uses[f].(*types.Builtin); ok {
			return f.Name
		}
	}
	return ""
}

// importedFrom returns the import path of the package of a selector like os.Getenv.
func importedFrom(info *types.Info, selector *ast.SelectorExpr) string {
	if x, ok := selector.X.(*ast.Ident); ok {
		if name, ok := info.Uses[x].(*types.PkgName); ok {
			return name.Imported().Path()
		}
	}
	return ""
}

// embeds reports whether a comment is a go:embed directive.
func embeds(comment *ast.CommentGroup) bool {
	return comment != nil && slices.ContainsFunc(comment.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// writes lists the variables that code changes or lets be changed: assigned, in
// whole or in part, counted, deleted from, copied into, addressed, or the
// receiver of a method with a pointer receiver.
func writes(info *types.Info, code []*ast.File) map[types.Object]bool {
	written := map[types.Object]bool{}
	write := func(x ast.Expr) {
		if id := origin(x); id != nil {
			written[info.Uses[id]] = true
		}
	}
	for _, file := range code {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, x := range n.Lhs {
					write(x)
				}
			case *ast.IncDecStmt:
				write(n.X)
			case *ast.RangeStmt:
				write(n.Key)
				write(n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					write(n.X)
				}
			case *ast.CallExpr:
				if slices.Contains([]string{"delete", "clear", "copy"}, callee(info, n)) && len(n.Args) > 0 {
					write(n.Args[0])
				}
			case *ast.SelectorExpr:
				if s := info.Selections[n]; s != nil && s.Kind() == types.MethodVal {
					_, have := s.Recv().Underlying().(*types.Pointer)
					_, want := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
					if want && !have {
						write(n.X)
					}
				}
			}
			return true
		})
	}
	return written
}

// origin returns the variable that an expression is a part of.
func origin(x ast.Expr) *ast.Ident {
	for {
		switch y := x.(type) {
		case *ast.Ident:
			return y
		case *ast.IndexExpr:
			x = y.X
		case *ast.SelectorExpr:
			x = y.X
		case *ast.SliceExpr:
			x = y.X
		case *ast.StarExpr:
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		default:
			return nil
		}
	}
}

// check resolves the names in the package's code. What other packages define stays
// unknown, which is enough to tell variables apart and to know whence a name comes.
func (p *pkg) check() *types.Info {
	info := &types.Info{
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Types:      map[ast.Expr]types.TypeAndValue{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	config := types.Config{
		Importer: empty{},
		Error:    func(error) {}, // every use of what is unknown is one
	}
	_, _ = config.Check(module+"/"+p.path, p.files, p.code, info)
	return info
}

// at tells where a node stands.
func (p *pkg) at(n ast.Node) string {
	position := p.files.Position(n.Pos())
	return fmt.Sprintf("%s:%d", position.Filename, position.Line)
}

// empty imports every package as one that defines nothing.
type empty struct{}

func (empty) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	name := path[strings.LastIndex(path, "/")+1:]
	p := types.NewPackage(path, name)
	p.MarkComplete()
	return p, nil
}

// habits are the rules about the code of one package.
var habits = map[string]func(*pkg) []string{
	"names":       checkNames,
	"init":        checkInit,
	"testing":     checkTesting,
	"environment": checkEnvironment,
	"variables":   checkVariables,
}

func TestHabits(t *testing.T) {
	t.Parallel()
	for _, p := range tree(t) {
		for _, check := range habits {
			for _, wrong := range check(p) {
				t.Error(wrong)
			}
		}
	}
}

func TestCheckHabits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		habit string
		dir   string // "okpay" if empty
		file  string // "a.go" if empty
		code  string
		ok    bool
	}{
		{name: "a telling name", habit: "names", dir: "ledger/money", code: "package money", ok: true},
		{name: "a shapeless directory", habit: "names", dir: "okpay/util", code: "package money"},
		{name: "a shapeless package", habit: "names", dir: "okpay/tidy", code: "package helpers"},
		{name: "a shapeless test package", habit: "names", dir: "okpay/tidy", file: "a_test.go", code: "package common_test"},

		{name: "a method called init", habit: "init", code: "package p; type T int; func (T) init() {}", ok: true},
		{name: "a function called init", habit: "init", code: "package p; func init() {}"},
		{name: "a function called init in a test", habit: "init", file: "a_test.go", code: "package p; func init() {}"},

		{name: "testing in a test", habit: "testing", file: "a_test.go", code: `package p; import "testing"`, ok: true},
		{name: "testing in code", habit: "testing", code: `package p; import "testing"`},
		{name: "a part of testing in code", habit: "testing", code: `package p; import "testing/fstest"`},
		{name: "a test server in code", habit: "testing", code: `package p; import "net/http/httptest"`},
		{name: "testing in the conformance suite", habit: "testing", dir: "ledger/ledgertest", code: `package p; import "testing"`, ok: true},
		{name: "testing in an internal package for tests", habit: "testing", dir: "internal/pgtest", code: `package p; import "testing"`, ok: true},
		{name: "testing in another internal package", habit: "testing", dir: "internal/bench", code: `package p; import "testing"`},

		{name: "Getenv", habit: "environment", code: `package p; import "os"; var x = os.Getenv("X")`},
		{name: "LookupEnv under another name", habit: "environment", code: `package p; import o "os"; func f() { o.LookupEnv("X") }`},
		{name: "Environ as a value", habit: "environment", code: `package p; import "syscall"; var f = syscall.Environ`},
		{name: "Getenv in a test", habit: "environment", file: "a_test.go", code: `package p; import "os"; var x = os.Getenv("X")`, ok: true},
		{name: "Getenv in an example", habit: "environment", dir: "examples/embed", code: `package p; import "os"; var x = os.Getenv("X")`, ok: true},
		{name: "a method called Getenv", habit: "environment", code: `package p; type T int; func (T) Getenv() {}; func f() { os := T(1); os.Getenv() }`, ok: true},
		{name: "a file", habit: "environment", code: `package p; import "os"; func f() { os.Open("x") }`, ok: true},

		{name: "a sentinel", habit: "variables", code: `package p; import "errors"; var ErrX = errors.New("x")`, ok: true},
		{name: "sentinels in a group", habit: "variables", code: `package p; import "fmt"; var (ErrX, errY = fmt.Errorf("x"), fmt.Errorf("y"))`, ok: true},
		{name: "an assertion", habit: "variables", code: `package p; type T int; var _ interface{} = (*T)(nil)`, ok: true},
		{name: "an expression", habit: "variables", code: `package p; import "regexp"; var r = regexp.MustCompile("x")`, ok: true},
		{name: "an embedded file", habit: "variables", code: "package p\nimport _ \"embed\"\n//go:embed x\nvar x []byte\n", ok: true},
		{name: "an embedded file in a group", habit: "variables", code: "package p\nimport _ \"embed\"\nvar (\n//go:embed x\nx string\n)\n", ok: true},
		{name: "an embedded file for everybody", habit: "variables", code: "package p\nimport _ \"embed\"\n//go:embed x\nvar X []byte\n"},
		{name: "a table", habit: "variables", code: `package p; type move struct{ a, b int }; var moves = []move{{1, 2}}; func f() int { return moves[0].a }`, ok: true},
		{name: "a table with functions and errors", habit: "variables", code: `package p; import "errors"; var m = map[string]any{"a": func() { println() }, "b": errors.New("b")}`, ok: true},
		{name: "a table made when first used", habit: "variables", code: `package p; import "sync"; var t = sync.OnceValue(func() map[int]int { return make(map[int]int) })`, ok: true},
		{name: "a time", habit: "variables", code: `package p; import "time"; var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()`, ok: true},
		{name: "the time of the import", habit: "variables", code: `package p; import "time"; var started = time.Now().Unix()`},
		{name: "a conversion", habit: "variables", code: `package p; var prefix = []byte("x")`, ok: true},
		{name: "a table for everybody", habit: "variables", code: `package p; var Moves = []int{1}`},
		{name: "a computed table", habit: "variables", code: `package p; func g() []int { return nil }; var t = g()`},
		{name: "a computed entry", habit: "variables", code: `package p; import "time"; var t = []time.Time{time.Now()}`},
		{name: "no value", habit: "variables", code: `package p; import "sync"; var mu sync.Mutex`},
		{name: "an empty map", habit: "variables", code: `package p; var cache = make(map[int]int)`},
		{name: "a pool", habit: "variables", code: `package p; import "sync"; var pool = sync.Pool{}`},
		{name: "a once", habit: "variables", code: `package p; import "sync"; var once = sync.Once{}`},
		{name: "an atomic counter", habit: "variables", code: `package p; import "sync/atomic"; var n = atomic.Int64{}`},
		{name: "a pointer", habit: "variables", code: `package p; type T struct{}; var t = &T{}`},
		{name: "an assigned variable", habit: "variables", code: `package p; var n = 1; func f() { n = 2 }`},
		{name: "a counted variable", habit: "variables", code: `package p; var n = 1; func f() { n++ }`},
		{name: "an assigned element", habit: "variables", code: `package p; var m = map[int]int{}; func f() { m[1] = 2 }`},
		{name: "an assigned field of an element", habit: "variables", code: `package p; type T struct{ a int }; var t = []T{{1}}; func f() { (t[0]).a = 2 }`},
		{name: "a deleted element", habit: "variables", code: `package p; var m = map[int]int{}; func f() { delete(m, 1) }`},
		{name: "an address", habit: "variables", code: `package p; var n = 1; func f() *int { return &n }`},
		{name: "a loop variable", habit: "variables", code: `package p; var n = 1; func f() { for n = range 3 {} }`},
		{name: "a method that writes", habit: "variables", code: `package p; type T struct{ n int }; func (t *T) inc() { t.n++ }; var t = T{}; func f() { t.inc() }`},
		{name: "a method that reads", habit: "variables", code: `package p; type T struct{ n int }; func (t T) get() int { return t.n }; var t = T{}; func f() { t.get() }`, ok: true},
		{name: "a local variable of the same name", habit: "variables", code: `package p; var n = 1; func f() { n := 2; n++ }`, ok: true},
		{name: "state in an example", habit: "variables", dir: "examples/embed", code: `package p; var n int`, ok: true},
		{name: "state in a test", habit: "variables", file: "a_test.go", code: `package p; var n int`, ok: true},
	}
	for _, test := range tests {
		t.Run(test.habit+": "+test.name, func(t *testing.T) {
			t.Parallel()
			dir, file := test.dir, test.file
			if dir == "" {
				dir = "okpay"
			}
			if file == "" {
				file = "a.go"
			}
			wrong := habits[test.habit](source(t, dir, file, test.code))
			assert.Equal(t, test.ok, len(wrong) == 0, "%q", wrong)
		})
	}
}
