package importrules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/okpay/okpay-go"
	root   = "../.."
)

// pkg is one directory of the module: what the rules look at. Files are read
// whatever their build constraints are, so a rule holds on every system.
type pkg struct {
	path  string // below the module: "ledger/money"
	files *token.FileSet
	code  []*ast.File
	tests []*ast.File // from files named _test.go, of either package
}

// library reports whether users import the package into their programs.
func (p *pkg) library() bool {
	return !match("examples/...", p.path) && !match("mock/cmd/...", p.path) && !match("internal/...", p.path)
}

// support reports whether the package exists for tests.
func (p *pkg) support() bool {
	return matchAny(supportPackages, p.path)
}

// add parses a file into the package.
func (p *pkg) add(name string, source any) error {
	file, err := parser.ParseFile(p.files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, "_test.go") {
		p.tests = append(p.tests, file)
	} else {
		p.code = append(p.code, file)
	}
	return nil
}

// imports lists what files import.
func imports(files []*ast.File) []string {
	var paths []string
	for _, file := range files {
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				panic(err) // the parser has checked it
			}
			paths = append(paths, imported)
		}
	}
	return paths
}

// inModule returns the path below the module of an imported package.
func inModule(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// match reports whether a path is the pattern or, if the pattern ends in "/...",
// lies in the directory before it.
func match(pattern, p string) bool {
	dir, below := strings.CutSuffix(pattern, "/...")
	if !below {
		return pattern == p
	}
	return p == dir || strings.HasPrefix(p, dir+"/")
}

func matchAny(patterns []string, p string) bool {
	for _, pattern := range patterns {
		if match(pattern, p) {
			return true
		}
	}
	return false
}

// tree reads all packages of the module.
func tree(t *testing.T) []*pkg {
	t.Helper()
	// A cached result of these tests must not be used after go.mod has changed
	// either, which some of them only see through the go command.
	text, err := os.ReadFile(root + "/go.mod")
	require.NoError(t, err)
	require.Contains(t, string(text), "module "+module+"\n")

	var packages []*pkg
	found := map[string]*pkg{}
	files := token.NewFileSet()
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"
			if hidden && file != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return nil
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(relative))
		if found[dir] == nil {
			found[dir] = &pkg{path: dir, files: files}
			packages = append(packages, found[dir])
		}
		// Read here, and not by the parser, so that a cached result of this test
		// is not used after the file has changed.
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return found[dir].add(filepath.ToSlash(relative), source)
	})
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	return packages
}

// source makes a package of one file.
func source(t *testing.T, dir, name, text string) *pkg {
	t.Helper()
	p := &pkg{path: dir, files: token.NewFileSet()}
	require.NoError(t, p.add(path.Join(dir, name), text))
	return p
}
