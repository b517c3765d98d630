package ledger

import (
	"cmp"
	"slices"
	"time"
)

const (
	// maxLooked is how many transactions one call of Transactions looks at, and about how
	// many steps it takes from index to index.
	maxLooked = MaxPage

	// maxMerged is how many accounts under a prefix are merged; beyond it the journal is
	// looked through instead.
	maxMerged = 64
)

// page collects the transactions of a query: it finds candidates by what is indexed and
// compares them whole.
func (r *transactionReader) page(limit int) (page TransactionPage, err error) {
	from, until, err := r.bounds()
	if err != nil || from > until {
		return page, err
	}
	every, err := r.sources()
	if err != nil || len(every) == 0 {
		return page, err
	}
	// The first index alone is tried first: reading its transactions costs less than a step in
	// another, unless few of them are of use.
	sources := every[:1]
	at, desc := from, r.query.Desc
	if desc {
		at = until
	}
	looked := 0
	for len(page.Transactions) < limit && looked < maxLooked {
		// More than are missing are looked at only when few of them are of use.
		want := limit - len(page.Transactions)
		switch {
		case looked > 0:
			want = max(want, min(want*looked/max(len(page.Transactions), 1), MaxPage/4))
		case len(every) > 1:
			want = min(want, MaxPage/10)
		}
		candidates, next, steps, err := r.candidates(sources, at, from, until, want)
		if err != nil {
			return page, err
		}
		looked += steps
		at = next
		found, err := r.whole(candidates)
		if err != nil {
			return page, err
		}
		made, err := r.made(found)
		if err != nil {
			return page, err
		}
		if desc {
			slices.Reverse(made)
		}
		before := len(page.Transactions)
		for i := range made {
			if len(page.Transactions) == limit {
				// The rest is for the next page.
				at = made[i].No
				break
			}
			if r.query.selects(&made[i]) {
				page.Transactions = append(page.Transactions, made[i])
			}
		}
		if at == 0 {
			return page, nil
		}
		if 8*(len(page.Transactions)-before) < len(made) {
			sources = every
		}
	}
	if desc {
		page.Next = at + 1
	} else {
		page.Next = at - 1
	}
	return page, nil
}

// candidates returns up to want numbers of transactions that all sources have, in the order
// of the query from at on, where to go on (0 at the end), and how many steps it took.
func (r *transactionReader) candidates(sources []source, at, from, until int64, want int) (nos []int64, next int64, steps int, err error) {
	for len(nos) < want && steps < maxLooked {
		// A number that a whole round leaves as it is stands in every index.
		for round := int64(0); round != at; {
			if round != 0 && len(sources) > 1 {
				if steps++; steps >= maxLooked {
					return nos, at, steps, nil
				}
			}
			round = at
			for _, s := range sources {
				if at, err = s.seek(at); err != nil {
					return nil, 0, steps, err
				}
				if at < from || at > until {
					return nos, 0, steps, nil
				}
			}
		}
		nos = append(nos, at)
		steps++
		if at--; !r.query.Desc {
			at += 2
		}
		if at < from || at > until {
			return nos, 0, steps, nil
		}
	}
	return nos, at, steps, nil
}

// bounds are the first and the last number that a query allows. Postings are recorded in
// the order of time, so a time is found among their numbers.
func (r *transactionReader) bounds() (from, until int64, err error) {
	head, err := r.view.Head(r.ctx)
	if err != nil {
		return 0, 0, err
	}
	from, until = min(r.query.After, head.Postings)+1, head.Postings // the largest After has none that follows
	if r.query.Before > 0 {
		until = min(until, r.query.Before-1)
	}
	for _, t := range []struct {
		at    time.Time
		bound func(before int64)
	}{
		{r.query.From, func(before int64) { from = max(from, before+1) }},
		{r.query.Until, func(before int64) { until = min(until, before) }},
	} {
		if t.at.IsZero() {
			continue
		}
		at := instantAtOrAfter(t.at)
		before, err := lastIn(0, head.Postings, func(nos []int64) (map[int64]bool, error) {
			rows, err := r.view.PostingsByNo(r.ctx, nos)
			earlier := make(map[int64]bool, len(rows))
			for i := range rows {
				earlier[rows[i].No] = instant(rows[i].Time) < at
			}
			return earlier, err
		})
		if err != nil {
			return 0, 0, err
		}
		t.bound(before)
	}
	return from, until, nil
}

// sources are the indexes that a query can use. None at all means that it selects nothing.
func (r *transactionReader) sources() (sources []source, err error) {
	q := r.query
	if q.Reference != "" {
		sources = append(sources, &termSource{r: r, hash: termHash(r.key, termReference, "", q.Reference)})
	}
	if q.MetadataKey != "" {
		sources = append(sources, &termSource{r: r, hash: termHash(r.key, termMetadata, q.MetadataKey, q.MetadataValue)})
	}
	if q.Account != "" || q.Prefix != "" {
		accounts, few, err := r.accounts()
		if err != nil || few && len(accounts) == 0 {
			return nil, err
		}
		if few {
			either := &eitherSource{desc: q.Desc}
			for i := range accounts {
				either.sources = append(either.sources, &accountSource{r: r, account: &accounts[i]})
			}
			sources = append(sources, either)
		}
	}
	if len(sources) == 0 {
		sources = append(sources, &journalSource{r: r})
	}
	return sources, nil
}

// accounts are those that a query names, unless they are too many.
func (r *transactionReader) accounts() (all []Account, few bool, err error) {
	q := r.query
	if q.Prefix != "" {
		if all, err = r.view.Accounts(r.ctx, q.Prefix, 0, MaxPage); err != nil || len(all) == MaxPage {
			return nil, false, err
		}
	} else {
		scales, err := r.view.Currencies(r.ctx)
		if err != nil {
			return nil, false, err
		}
		r.scales = scales
		for code := range scales {
			if q.Currency != "" && q.Currency != code {
				continue
			}
			a, err := r.view.Account(r.ctx, AccountKey{Name: q.Account, Currency: code})
			if notFound(err) {
				continue
			}
			if err != nil {
				return nil, false, err
			}
			all = append(all, a)
		}
	}
	all = slices.DeleteFunc(all, func(a Account) bool {
		return a.Entries == 0 || q.Currency != "" && a.Key.Currency != q.Currency
	})
	slices.SortFunc(all, func(a, b Account) int { return cmp.Compare(a.No, b.No) })
	return all, len(all) <= maxMerged, nil
}
