package memstore

import (
	"iter"
	"slices"
)

// pageLen is how many rows one page holds.
const pageLen = 32

// paged is a list that only grows. It never moves a row, so growing costs the same at any
// length. A copy of the struct is a snapshot: rows added later lie beyond its length, and
// rows changed under an era that seals it are changed in a copy of their page.
type paged[T any] struct {
	pages []*page[T]
	len   int
	stamp uint64 // of the slice pages
}

type page[T any] struct {
	rows  [pageLen]T
	stamp uint64
}

// add appends a row and returns its place, to be filled in. It is valid until the commit
// ends.
func (p *paged[T]) add(e era) *T {
	if p.len == len(p.pages)*pageLen {
		p.pages = append(p.pages, &page[T]{stamp: e.now})
	}
	p.len++
	return p.at(p.len - 1)
}

// at returns row i to be read.
func (p *paged[T]) at(i int) *T { return &p.pages[i/pageLen].rows[i%pageLen] }

// edit returns row i to be changed.
func (p *paged[T]) edit(e era, i int) *T {
	if held := p.pages[i/pageLen]; !e.owns(held.stamp) {
		if !e.owns(p.stamp) {
			p.pages, p.stamp = slices.Clone(p.pages), e.now
		}
		p.pages[i/pageLen] = &page[T]{rows: held.rows, stamp: e.now}
	}
	return p.at(i)
}

// from yields the rows from i on.
func (p *paged[T]) from(i int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for ; i < p.len; i++ {
			if !yield(p.at(i)) {
				return
			}
		}
	}
}
