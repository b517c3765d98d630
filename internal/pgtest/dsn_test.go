package pgtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMissingPostgresSkipsAndInCIFails(t *testing.T) {
	t.Parallel()
	for _, ci := range []bool{false, true} {
		t.Run(fmt.Sprintf("CI %v", ci), func(t *testing.T) {
			t.Parallel()
			var r recorder
			missing(&r, ci, errNoPostgres)
			assert.Equal(t, ci, r.failed != "")
			assert.Equal(t, !ci, r.skipped != "")
			assert.Contains(t, r.failed+r.skipped, "apt-get install postgresql")
			assert.Contains(t, r.failed+r.skipped, ServerVariable)
		})
	}
}

// recorder stands in for a test and keeps how it was ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) { r.skipped = fmt.Sprint(args...) }

func (r *recorder) Fatal(args ...any) { r.failed = fmt.Sprint(args...) }

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, dsn, want string }{
		{"a URL's path is replaced", "postgres://u:p@h:5433/old?sslmode=disable", "postgres://u:p@h:5433/new?sslmode=disable"},
		{"a URL without a path gets one", "postgresql://h", "postgresql://h/new"},
		{"a parameter that would win is removed", "postgres://h/old?dbname=x&database=y&a=b", "postgres://h/new?a=b"},
		{"a keyword is overruled", "host=h dbname=old", "host=h dbname=old dbname=new"},
		{"an empty text names the default server", "", "dbname=new"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := withDatabase(test.dsn, "new")
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}

	t.Run("an error does not repeat the password", func(t *testing.T) {
		t.Parallel()
		_, err := withDatabase("postgres://u:canary@h:port/", "new")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "canary")
	})
}
