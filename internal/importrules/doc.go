// Package importrules holds tests about the shape of this module: which package
// may import which, which other modules may be used and where, and a few habits
// that make library code safe to import. It contains no other code.
//
// A failing rule is a question, not a verdict. When a new package, module or
// exception is really wanted, change the table that forbids it in the same
// commit: layers in layers_test.go, testdata/modules.txt, or the lists at the
// top of code_test.go. The change is then seen and can be discussed.
package importrules
