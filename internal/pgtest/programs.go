//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// places are where packages of the operating systems keep the programs of one
// PostgreSQL version. Debian keeps initdb and postgres off the PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",             // Debian, Ubuntu
	"/usr/pgsql-*/bin",                      // Fedora, Red Hat
	"/opt/homebrew/opt/postgresql@*/bin",    // macOS on Apple silicon
	"/usr/local/opt/postgresql@*/bin",       // macOS on Intel
	"/usr/libexec/postgresql*",              // Alpine
	"/Applications/Postgres.app/*/*/*/bin/", // Postgres.app
}

// findPrograms returns the directory that holds both initdb and postgres: the
// highest version in the places, else the first on the path. Links are
// resolved, because a server finds its libraries from where it really is, and
// a wrapper that stands alone on the path is no use.
func findPrograms(places []string, path string) (string, error) {
	var best string
	var bestVersion float64
	for _, place := range places {
		dirs, err := filepath.Glob(place)
		if err != nil {
			return "", fmt.Errorf("pattern %q: %w", place, err)
		}
		for _, dir := range dirs {
			if v := version(dir); complete(dir) && (best == "" || v > bestVersion) {
				best, bestVersion = dir, v
			}
		}
	}
	if best != "" {
		return best, nil
	}
	for _, dir := range filepath.SplitList(path) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil {
			continue
		}
		if dir := filepath.Dir(real); complete(dir) {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// complete reports whether a directory holds the two programs that are needed.
func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// version reads the version from the name of an installation's directory: 15
// from /usr/lib/postgresql/15/bin. It is 0 where the name has none.
func version(dir string) float64 {
	var found float64
	for part := range strings.SplitSeq(filepath.ToSlash(dir), "/") {
		digits := strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz-@")
		if v, err := strconv.ParseFloat(digits, 64); err == nil {
			found = v
		}
	}
	return found
}
