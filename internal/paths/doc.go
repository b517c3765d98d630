// Package paths holds the packages of the wallet together to what each promises alone: it lists
// every way in (testdata/paths.txt), tries each as somebody who may not, and as two at once, and
// looks for secrets in all that is left behind. It has tests only.
package paths
