package okpay

// CountEvery sets how many rows of a statement are worked on and counted together, so that few
// rows can be many batches.
func (s *Reconciliations) CountEvery(n int) { s.atOnce = n }
