//go:build unix

package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
)

func TestServerComesBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, "shared_buffers=16MB")
	dsn := server.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "CREATE TABLE kept (n int)")
	require.NoError(t, err)
	for i, end := range []func(testing.TB){server.Kill, server.Quit, server.Kill} {
		execute(t, dsn, "INSERT INTO kept VALUES (1)")
		end(t)
		require.Error(t, conn.Ping(t.Context()), "its connections ended with it")
		require.Eventually(t, func() bool {
			conn, err = pgx.Connect(t.Context(), dsn)
			return err == nil
		}, time.Minute, 10*time.Millisecond)
		assert.Equal(t, i+1, query[int](t, dsn, "SELECT count(*) FROM kept"))
	}
	assert.Equal(t, "16MB", query[string](t, dsn, "SELECT current_setting('shared_buffers')"))
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}
