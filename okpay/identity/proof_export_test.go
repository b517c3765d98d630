package identity

// Rekey exchanges the keys.
func (x *Identity) Rekey(keys ...Key) { x.cfg.Keys = keys }
