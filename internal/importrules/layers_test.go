package importrules

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layer says what packages of this module some of its packages may import.
type layer struct {
	packages string   // a path, or "dir/..." for a directory and all below it
	may      []string // likewise; "..." alone stands for every package
}

// layers are the whole order of the module; the first that matches a package is
// its rule, and a package without one is not allowed. Only what a package itself
// imports is looked at: what it imports has its own rule. Tests may import what
// they like.
var layers = []layer{
	{"ledger/money", nil},
	{"ledger", []string{"ledger/money"}},
	{"ledger/memstore", []string{"ledger", "ledger/money"}},
	{"ledger/sqlitestore", []string{"ledger", "ledger/money"}},
	{"ledger/pgstore", []string{"ledger", "ledger/money"}},
	{"ledger/schedule", []string{"ledger", "ledger/money"}},
	// Where a case needs many reads and its subject is not the store, it copies the ledger into memory.
	{"ledger/ledgertest", []string{"ledger", "ledger/memstore", "ledger/money", "ledger/schedule", "internal/testsize"}},

	{"webhook", nil},
	{"merchant", []string{"ledger/money", "webhook"}},

	{"okpay/totp", nil},
	{"okpay/password", nil},
	{"okpay/lockout", nil},
	{"okpay/rails", []string{"ledger/money", "webhook"}},
	{"okpay", []string{"ledger", "ledger/money", "okpay/rails", "webhook"}},
	{"okpay/notify", []string{"ledger", "ledger/money", "okpay"}},
	{"okpay/identity", []string{
		"ledger", "ledger/money", "okpay", "okpay/lockout", "okpay/password", "okpay/totp",
	}},
	{"okpay/care", []string{"ledger", "ledger/money", "okpay"}},
	{"okpay/joined", []string{"okpay", "okpay/care", "okpay/identity", "okpay/notify"}},
	{"okpay/httpapi", []string{
		"ledger", "ledger/money", "okpay", "okpay/care", "okpay/identity", "okpay/joined", "okpay/notify", "okpay/rails", "webhook",
	}},
	{"okpay/pages", []string{
		"ledger", "ledger/money", "okpay", "okpay/care", "okpay/identity", "okpay/joined", "okpay/notify", "okpay/rails", "webhook",
	}},

	{"mock", []string{"ledger", "ledger/memstore", "ledger/money", "merchant", "okpay/...", "webhook"}},
	{"mock/cmd/...", []string{"ledger", "ledger/memstore", "ledger/money", "merchant", "mock", "okpay/...", "webhook"}},

	// An example shows what a user can do, so it uses nothing that a user cannot.
	{"examples/...", []string{"ledger/...", "merchant", "mock", "okpay/...", "webhook"}},
	// Nothing above imports these. When a package is to, it gets a line of its own.
	{"internal/...", []string{"..."}},
}

// checkLayers returns what is wrong with the imports of the package at a path.
func checkLayers(p string, imported []string) []string {
	at := slices.IndexFunc(layers, func(l layer) bool { return match(l.packages, p) })
	if at < 0 {
		return []string{p + " has no rule: say in layers what it may import"}
	}
	var wrong []string
	for _, path := range imported {
		target, ok := inModule(path)
		if !ok || slices.Contains(layers[at].may, "...") || matchAny(layers[at].may, target) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s must not import %s", p, target))
	}
	return wrong
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, p := range tree(t) {
		for _, wrong := range checkLayers(p.path, imports(p.code)) {
			t.Error(wrong)
		}
	}
}

func TestCheckLayers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		importer, imported string
		ok                 bool
	}{
		{"ledger/money", "fmt", true},
		{"ledger/money", module + "/ledger", false},
		{"ledger", module + "/ledger/money", true},
		{"ledger", module + "/okpay", false},
		{"ledger", module + "/ledger/memstore", false},
		{"ledger", module + "/internal/pgtest", false},
		{"ledger/memstore", module + "/ledger", true},
		{"ledger/sqlitestore", module + "/okpay", false},
		{"ledger/pgstore", module + "/ledger/sqlitestore", false},
		{"ledger/ledgertest", module + "/ledger/pgstore", false},
		{"okpay", module + "/webhook", true},
		{"okpay", module + "/okpay/httpapi", false},
		{"okpay", module + "/mock", false},
		{"okpay", module + "/merchant", false},
		{"okpay", module + "/ledger/memstore", false},
		{"okpay/totp", module + "/okpay", false},
		{"okpay/httpapi", module + "/okpay", true},
		{"okpay/httpapi", module + "/mock", false},
		{"okpay/httpapi", module + "/merchant", false},
		{"okpay/httpapi", module + "/ledger/sqlitestore", false},
		{"merchant", module + "/webhook", true},
		{"merchant", module + "/ledger", false},
		{"merchant", module + "/okpay", false},
		{"webhook", module + "/ledger/money", false},
		{"webhook", module, false},
		{"mock", module + "/okpay/httpapi", true},
		{"mock", module + "/ledger/pgstore", false},
		{"mock/cmd/okpay-mock", module + "/mock", true},
		{"examples/embed", module + "/ledger/pgstore", true},
		{"examples/embed", module + "/internal/pgtest", false},
		{"internal/bench", module + "/ledger/pgstore", true},
		{"newcomer", "fmt", false},
		{"okpay/newcomer", "fmt", false},
	}
	for _, test := range tests {
		t.Run(test.importer+" imports "+test.imported, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.ok, len(checkLayers(test.importer, []string{test.imported})) == 0)
		})
	}
}

// drivers are the packages that make a database part of a program. The package
// database/sql/driver is not one: it only has interfaces, which types such as
// decimal.Decimal implement.
var drivers = []string{
	"database/sql",
	"github.com/jackc/pgx/...",
	"modernc.org/sqlite/...",
	"zombiezen.com/go/sqlite/...",
}

// withDriver are the packages that a user imports in order to have a database.
var withDriver = []string{"ledger/pgstore", "ledger/sqlitestore", "examples/...", "internal/..."}

// checkDrivers returns what is wrong with all the packages, of any module, that
// come with the package at a path.
func checkDrivers(p string, deps []string) []string {
	if matchAny(withDriver, p) {
		return nil
	}
	var wrong []string
	for _, dep := range deps {
		isDriver := slices.ContainsFunc(drivers, func(driver string) bool {
			return driver == dep || strings.HasSuffix(driver, "/...") && match(driver, dep)
		})
		if isDriver {
			wrong = append(wrong, fmt.Sprintf("%s brings the database driver %s into a program", p, dep))
		}
	}
	return wrong
}

func TestNoDatabaseDriverComesUninvited(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Deps", "./...")
	command.Dir = root
	out, err := command.Output()
	require.NoError(t, err)
	listed := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); listed++ {
		var p struct {
			ImportPath string
			Deps       []string
		}
		require.NoError(t, decoder.Decode(&p))
		path, ok := inModule(p.ImportPath)
		require.True(t, ok, p.ImportPath)
		for _, wrong := range checkDrivers(path, p.Deps) {
			t.Error(wrong)
		}
	}
	assert.NotZero(t, listed)
}

func TestCheckDrivers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pkg, dep string
		ok       bool
	}{
		{"merchant", "net/http", true},
		{"merchant", "database/sql/driver", true},
		{"merchant", "database/sql", false},
		{"merchant", "github.com/jackc/pgx/v5/pgconn", false},
		{"webhook", "modernc.org/sqlite/lib", false},
		{"okpay/httpapi", "zombiezen.com/go/sqlite", false},
		{"mock", "zombiezen.com/go/sqlite/sqlitex", false},
		{"ledger/pgstore", "github.com/jackc/pgx/v5", true},
		{"examples/quickstart", "zombiezen.com/go/sqlite", true},
	}
	for _, test := range tests {
		t.Run(test.pkg+" with "+test.dep, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.ok, len(checkDrivers(test.pkg, []string{test.dep})) == 0)
		})
	}
}
