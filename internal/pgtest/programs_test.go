//go:build unix

package pgtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindPrograms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files []string // below the root
		links map[string]string
		want  string // below the root, or empty for errNoPostgres
	}{
		{
			name: "the highest version wins, by number and not by spelling",
			files: []string{
				"lib/9.6/bin/initdb", "lib/9.6/bin/postgres",
				"lib/10/bin/initdb", "lib/10/bin/postgres",
			},
			want: "lib/10/bin",
		},
		{
			name: "a version of which only clients are installed does not count",
			files: []string{
				"lib/15/bin/initdb", "lib/15/bin/postgres",
				"lib/17/bin/psql",
			},
			want: "lib/15/bin",
		},
		{
			name: "an installed version wins over the path",
			files: []string{
				"lib/15/bin/initdb", "lib/15/bin/postgres",
				"path/initdb", "path/postgres",
			},
			want: "lib/15/bin",
		},
		{
			name:  "the path counts where no version is installed",
			files: []string{"path/initdb", "path/postgres"},
			want:  "path",
		},
		{
			name:  "a link on the path is followed",
			files: []string{"elsewhere/initdb", "elsewhere/postgres"},
			links: map[string]string{"path/postgres": "elsewhere/postgres"},
			want:  "elsewhere",
		},
		{
			name:  "a wrapper that stands alone on the path does not count",
			files: []string{"path/postgres"},
		},
		{
			name: "nothing is installed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.EvalSymlinks(t.TempDir())
			require.NoError(t, err)
			for _, file := range test.files {
				file = filepath.Join(root, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, nil, 0o755))
			}
			for link, target := range test.links {
				link = filepath.Join(root, link)
				require.NoError(t, os.MkdirAll(filepath.Dir(link), 0o755))
				require.NoError(t, os.Symlink(filepath.Join(root, target), link))
			}

			got, err := findPrograms([]string{filepath.Join(root, "lib/*/bin")}, filepath.Join(root, "path"))
			if test.want == "" {
				assert.ErrorIs(t, err, errNoPostgres)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(root, test.want), got)
		})
	}
}
