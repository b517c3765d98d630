package ledgertest_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

var casesFile = flag.String("cases", "testdata/ledger_cases.json", "the file of cases to run, an absolute path")

func readCases(t *testing.T, path string) []ledgertest.Case {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	cases, err := ledgertest.ReadCases(file)
	require.NoError(t, err)
	return cases
}

func TestCases(t *testing.T) {
	cases := readCases(t, *casesFile)
	for name, open := range map[string]func(t *testing.T) ledger.Store{
		"memory": func(*testing.T) ledger.Store { return memstore.New() },
		"SQLite": func(t *testing.T) ledger.Store {
			store, err := sqlitestore.Open(t.Context(), t.TempDir()+"/cases.db", sqlitestore.Config{})
			require.NoError(t, err)
			return store
		},
		"PostgreSQL": func(t *testing.T) ledger.Store {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			store, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
			require.NoError(t, err)
			return store
		},
	} {
		t.Run(name, func(t *testing.T) { ledgertest.TestCases(t, cases, open) })
	}
}

// Our own cases, of both styles.
func TestOwnCases(t *testing.T) {
	for _, path := range []string{"testdata/cases_transfers.json", "testdata/cases_verbs.json"} {
		ledgertest.TestCases(t, readCases(t, path), func(*testing.T) ledger.Store { return memstore.New() })
	}
}

func TestCasesThatAreMalformedAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		``:                                 "EOF",
		`{}`:                               "cannot unmarshal object",
		`[{}]`:                             `case 1 (""): has no name or no steps`,
		`[] []`:                            "more after the array",
		`[{"name":`:                        "unexpected EOF",
		`[{"name":"a","steps":[1]}]`:       `case 1 ("a"): step 1 is no object`,
		`[{"name":"a","steps":[{"n":1}]}]`: "step 1 has no op",
		`[{"name":"a","steps":[{"n":2,"op":"x"},{"n":2,"op":"x"}]}]`:                        "step 2 has no op, or a number that does not follow 2",
		`[{"name":"a","steps":[{"n":1,"op":"x"}],"expect":[true]}]`:                         "expectation 1 is no object",
		`[{"name":"a","steps":[{"n":1,"op":"x"}],"expect":[{"after":2}]}]`:                  "expectation 1 is of a step that is not there",
		`[{"name":"a","steps":[{"n":1,"op":"x"}]},{"name":"b","steps":[{"n":0,"op":"x"}]}]`: `case 2 ("b")`,
	} {
		_, err := ledgertest.ReadCases(strings.NewReader(text))
		require.ErrorContains(t, err, says, text)
	}
}

// What can not be run is skipped with a reason, whatever it is, and never breaks down.
func TestWhatCasesCanNotAskForIsOutOfScope(t *testing.T) {
	for text, says := range map[string]string{
		`{"n":1,"op":"teleport"}`: `"teleport" is no verb that is known`,
		`{"n":1,"op":"account","id":"A","flags":["imported"]},{"n":2,"op":"batch","transfers":[]}`:                  `account flag "imported"`,
		`{"n":1,"op":"account"},{"n":2,"op":"batch","transfers":[]}`:                                                "an account without an id",
		`{"n":1,"op":"batch","transfers":[{"id":"T","flags":["imported"]}]}`:                                        `transfer flag "imported"`,
		`{"n":1,"op":"batch","transfers":[{"id":"T","amount":"9223372036854775808"}]}`:                              "does not fit into an int64",
		`{"n":1,"op":"batch","transfers":[{"id":"T","debit":"A","credit":"B","amount":"MAX"}]}`:                     "does not fit into an int64",
		`{"n":1,"op":"batch","transfers":[{"id":"T","stamp":1}]}`:                                                   `unknown field "stamp"`,
		`{"n":1,"op":"account","id":"A"},{"n":2,"op":"preset","account":"A","balances":["1"]},{"n":3,"op":"batch"}`: "1 balances, want 4",
		`{"n":1,"op":"preset","account":"A","balances":["0","0","0","1"]},{"n":3,"op":"batch"}`:                     `there is no account "A"`,
		`{"n":1,"op":"advance_time","seconds":-1},{"n":3,"op":"batch"}`:                                             "is no number of seconds",
		`{"n":1,"op":"post","postings":[["a","b","USD","ten"]]}`:                                                    `"ten" is no amount`,
		`{"n":1,"op":"post","postings":[["a","b","USD/99","1"]]}`:                                                   `the asset "USD/99"`,
		`{"n":1,"op":"post","postings":[["a","b","USD","0.1234567890123456789"]]}`:                                  "19",
		`{"n":1,"op":"move","account":"a","effective_at":"noon","input":"1"}`:                                       `"noon" is no instant`,
		`{"n":1,"op":"repeat","times":2,"call":{"op":"repeat"}}`:                                                    `"repeat" of "repeat"`,
		`{"n":1,"op":"spend","amount":"1"}`:                                                                         "has no src",
	} {
		cases, err := ledgertest.ReadCases(strings.NewReader(`[{"name":"a","steps":[` + text + `]}]`))
		require.NoError(t, err, text)
		require.ErrorContains(t, ledgertest.OutOfScope(&cases[0]), says, text)
	}
}

// Whatever a file of cases says, reading it and looking at what it asks for ends in an error
// or not. The seeds are short: the fuzzer would take minutes to make whole files smaller.
func FuzzCases(f *testing.F) {
	for _, steps := range []string{
		`{"n":1,"op":"account","id":"A","flags":["history"]},{"n":2,"op":"preset","account":"A","balances":["0","0","0","4"]}`,
		`{"n":1,"op":"batch","transfers":[{"id":"T","debit":"A","credit":"B","amount":"MAX","flags":["linked"]}]}`,
		`{"n":1,"op":"advance_time","seconds":1},{"n":2,"op":"reverse","tx":"t"}`,
		`{"n":1,"op":"post","key":"k","postings":[["a","b","USD/2","1"]]}`,
		`{"n":1,"op":"repeat","times":2,"call":{"op":"hold","src":"W","amount":"0.5"}}`,
		`{"n":1,"op":"account","id":"W","balance":"1.5","overdraft_limit":"0.29 of a unit with 2 decimals"}`,
	} {
		f.Add([]byte(`[{"name":"a","steps":[` + steps + `],"expect":[{"after":1,"account":"A","balance":"1"}]}]`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		cases, err := ledgertest.ReadCases(bytes.NewReader(text))
		for i := range cases {
			require.NoError(t, err)
			_ = ledgertest.OutOfScope(&cases[i])
		}
	})
}
