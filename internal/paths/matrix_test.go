package paths

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
)

// path is one row of testdata/paths.txt.
type path struct {
	name       string // such as okpay.Transfers.Create
	who        string // customer, anyone, merchant, operator, program or provider
	moves      string
	capability okpay.Capability // "" for none
	guards     string           // separated by ", "
	secrets    string
}

// paths reads the matrix.
func paths(t *testing.T) (rows []path) {
	t.Helper()
	text, err := os.ReadFile("testdata/paths.txt")
	require.NoError(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, " | ")
		require.Len(t, cells, 6, line)
		for i := range cells {
			if cells[i] = strings.TrimSpace(cells[i]); cells[i] == "-" {
				cells[i] = ""
			}
		}
		rows = append(rows, path{cells[0], cells[1], cells[2], okpay.Capability(cells[3]), cells[4], cells[5]})
	}
	return rows
}

func names(rows []path) (out []string) {
	for _, p := range rows {
		out = append(out, p.name)
	}
	return out
}

// services are what has the exported methods of a process, by the name that rows begin with. A service
// that is added to a wallet or to a Care is found by itself.
func services(p process) map[string]reflect.Value {
	out := map[string]reflect.Value{"identity": reflect.ValueOf(p.x), "care": reflect.ValueOf(p.c), "okpay.Wallet": reflect.ValueOf(p.Wallet), "notify": reflect.ValueOf(p.n)}
	for name, v := range map[string]reflect.Value{"okpay": reflect.ValueOf(p.Wallet), "care": reflect.ValueOf(p.c)} {
		for i := range v.Elem().NumField() {
			if f := v.Elem().Type().Field(i); f.IsExported() {
				out[name+"."+f.Name] = v.Elem().Field(i)
			}
		}
	}
	return out
}

// method finds the method of a row.
func method(t *testing.T, p process, name string) reflect.Value {
	t.Helper()
	at := strings.LastIndex(name, ".")
	service, ok := services(p)[name[:at]]
	require.True(t, ok, name)
	m := service.MethodByName(name[at+1:])
	require.True(t, m.IsValid(), name)
	return m
}

// call calls the method of a row and returns what it returns, and its error.
func call(t *testing.T, p process, name string, args ...any) (out []any, err error) {
	t.Helper()
	m := method(t, p, name)
	require.Equal(t, m.Type().NumIn(), len(args), "%s takes other arguments", name)
	var in []reflect.Value
	for _, a := range args {
		in = append(in, reflect.ValueOf(a))
	}
	for _, v := range m.Call(in) {
		if v.Type() == reflect.TypeFor[error]() {
			err, _ = v.Interface().(error)
			continue
		}
		out = append(out, v.Interface())
	}
	return out, err
}

func TestEveryPathIsListed(t *testing.T) {
	there := []string{}
	for name, v := range services(process{Wallet: &okpay.Wallet{}, x: &identity.Identity{}, c: &care.Care{}, n: &notify.Notify{}}) {
		for i := range v.Type().NumMethod() {
			there = append(there, name+"."+v.Type().Method(i).Name)
		}
	}
	slices.Sort(there)
	listed := names(paths(t))
	assert.True(t, slices.IsSorted(listed), "rows stand by their names")
	assert.Equal(t, there, listed, "each exported method has a row of testdata/paths.txt, and each row a method")
	assert.Greater(t, len(there), 250)
}

func TestTheMatrixKnowsItsWords(t *testing.T) {
	for _, p := range paths(t) {
		assert.Contains(t, []string{"customer", "anyone", "merchant", "operator", "program", "provider"}, p.who, p.name)
		assert.NotEmpty(t, p.moves, p.name)
		if p.capability != "" {
			assert.Contains(t, okpay.Capabilities(), p.capability, p.name)
			assert.True(t, strings.Contains(p.guards, "gate"), "%s: a capability stands in the gate", p.name)
		}
		if p.who == "customer" {
			assert.True(t, has(p.guards, "actor"), "%s is a customer's, so that somebody acts", p.name)
		}
		if p.who == "operator" {
			assert.True(t, has(p.guards, "permission"), "%s takes a permission", p.name)
			assert.Equal(t, strings.HasPrefix(p.name, "care."), true, p.name)
		}
	}
}
