package ledger

func (k *kernel) put(p *preparedPut) error {
	key := RecordKey{p.Type, p.ID}
	r := k.work.records[key]
	if r == nil {
		r = &workRecord{}
		k.work.records[key] = r
	}
	if r.Version > 0 && r.Chaining != p.Chaining {
		return &InvalidError{Field: "puts.chaining", Reason: "differs from the record's"}
	}
	if p.Erase && (r.Version == 0 || r.Erased) {
		return ErrNotFound
	}
	for _, u := range p.Unique {
		if holder, taken := k.work.unique[u]; taken && holder != key {
			return &DuplicateKeyError{Key: u}
		}
	}
	was := *r
	k.undo = append(k.undo, func() {
		for _, u := range r.Unique {
			delete(k.work.unique, u)
		}
		*r = was
		for _, u := range r.Unique {
			k.work.unique[u] = key
		}
	})
	for _, u := range r.Unique {
		delete(k.work.unique, u)
	}
	r.RecordRow = RecordRow{
		RecordKey: key, Version: r.Version + 1, Seq: k.head.Seq + 1, Chaining: p.Chaining, Erased: p.Erase,
		Content: p.Content, Salt: p.salt, Unique: p.Unique, Labels: p.Labels, Due: p.Due,
	}
	r.dirty = true
	for _, u := range p.Unique {
		k.work.unique[u] = key
	}
	switch {
	case p.Chaining == Plain:
	case p.Erase:
		k.effects = appendErase(k.effects, key, r.Version)
	default:
		k.effects = appendRecord(k.effects, key, r.Version, p.digest)
	}
	return nil
}

// emit announces an event and adds it to effects.
func (k *kernel) emit(effects []byte, e *preparedEvent) []byte {
	k.head.Events++
	k.batch.Events = append(k.batch.Events, EventRow{
		No: k.head.Events, Seq: k.head.Seq + 1, Time: k.now,
		Type: e.Type, Subject: e.Subject, Payload: e.Payload, Salt: e.salt,
	})
	return appendEvent(effects, &e.Event, e.digest)
}
