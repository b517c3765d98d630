// Package schedule lets a ledger do things later: once at a time, or again and again.
//
// A [Plan] holds what is to happen (transactions, holds, captures and the like) and when. It
// is kept as a chained record of type [Type] with a due time. [Scheduler.Run], or
// [Scheduler.Due] step by step, carries out what is due: the operations, the record's next
// state and an event happen in one Change, whose id follows from the plan's ([ChangeID]). So
// every run happens exactly once, however many processes are at it, and whenever one of them
// dies.
//
//	pending ──run──▶ pending      a plan that repeats
//	pending ──run──▶ done         its last run, or its only one
//	pending ──run──▶ refused      the same, when the ledger refused it
//	pending ──cancel──▶ canceled
//
// A run that the ledger refuses (funds are short, an account is frozen) has had its turn: the
// reason is recorded with the plan and announced, and a plan that repeats goes on with its
// next run. A run is never early by the clock of the ledger that carries it out, and late by as
// much as nobody was there to do it: runs that were missed are made up for, each of them, in order.
//
// # Events
//
// [EventDone], [EventRefused] and [EventCanceled] have the plan's id as their subject and a
// JSON payload:
//
//	{"schedule":"rent:7","run":3,"change":"schedule:rent:7:3"}
//	{"schedule":"rent:7","run":4,"change":"schedule:rent:7:4",
//	 "refusal":{"reason":"insufficient_funds","account":"customer:7","currency":"CNY","short":250}}
//	{"schedule":"rent:7"}
//
// # The document
//
// The content of a record is JSON, version 1; a program refuses a version that it does not
// know and leaves the record as it is. Amounts are minor units with the currency's code and
// scale, times RFC 3339, intervals ("every_us") microseconds.
//
//	{"v":1,"at":"2026-04-01T00:00:00Z","months":1,"times":12,"labels":["customer:7"],
//	 "ops":[{"op":"transaction","reference":"flat-7","postings":[
//	   {"debit":"customer:7","credit":"landlord","minor":120000,"currency":"CNY","scale":2}]}],
//	 "state":"pending","runs":2,"refused":1,
//	 "last":{"run":2,"time":"2026-05-01T00:00:03Z","refusal":{"reason":"insufficient_funds"}}}
//
// Ids, accounts and references of the ledger's stand in its journal: they are opaque, never
// personal data. The document itself does not.
package schedule
