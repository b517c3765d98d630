package okpay

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Capability is something that a customer may do unless a restriction takes it away. What a
// customer may do is all of them, less the union of the restrictions in force.
type Capability string

// The capabilities.
const (
	CanPay      Capability = "pay"      // confirm payments, answer challenges
	CanTransfer Capability = "transfer" // send money to people, and pay their requests
	CanWithdraw Capability = "withdraw" // take money out
	CanConvert  Capability = "convert"  // exchange currencies
	CanTopUp    Capability = "top_up"   // bring money in
	CanReceive  Capability = "receive"  // be sent money by people; refunds always arrive
	CanManage   Capability = "manage"   // change name, contacts, destinations and credentials
)

// Capabilities returns all of them.
func Capabilities() []Capability {
	return []Capability{CanPay, CanTransfer, CanWithdraw, CanConvert, CanTopUp, CanReceive, CanManage}
}

// Allows reports whether a gate lets its customer use a capability at a time. A gate that is
// locked allows none that lets money out, one that is closed none at all.
func (g *Gate) Allows(can Capability, at time.Time) bool { return g.refuse(can, at) == nil }

// refuse is the refusal of a capability. Errors: AccountClosed, AccountLocked, AccountRestricted
// (with ResetsAt when time alone gives it back), ServiceBusy in the moment of closing.
func (g *Gate) refuse(can Capability, at time.Time) error {
	id := string(g.Customer)
	switch {
	case g.State == GateClosed:
		return accountClosed(g.Customer)
	case g.State != GateActive && can.letsOut():
		e := NewError(g.lockedAs(), "no money leaves the customer's account")
		e.Object = id
		return e
	case slices.Contains(g.Denied, can):
		e := NewError(AccountRestricted, "the customer may not %s at present", can)
		e.Object = id
		return e
	case can == CanWithdraw && g.WithdrawalsFrom != nil && at.Before(*g.WithdrawalsFrom):
		return g.waiting()
	}
	return busyClosing(g.ClosingAt, id)
}

// waiting refuses a withdrawal that time alone makes possible. The words of AccountRestricted in
// general would send the customer to prove who they are and to appeal, for which there is no use.
func (g *Gate) waiting() error {
	e := NewError(AccountRestricted, "withdrawals wait after a change of credentials")
	e.Object, e.ResetsAt = string(g.Customer), g.WithdrawalsFrom
	e.Retry, e.NextAction = "after_time", []string{"wait", "contact_support"}
	e.En = "For your safety withdrawals wait for a time after your password, second factor or contacts were changed."
	e.Zh = "为保障账户安全,更改密码、双因素认证或联系方式后,须等待一段时间方可提现。"
	return e
}

// letsOut reports whether a capability lets money leave the customer.
func (c Capability) letsOut() bool {
	return c == CanPay || c == CanTransfer || c == CanWithdraw || c == CanConvert
}

// leaving refuses to let a customer's money leave unless the gate is open and the capability is
// not denied. Errors: NotFound, then as Gate.refuse.
func (w *Wallet) leaving(d *ledger.Draft, id CustomerID, can Capability) error {
	g, err := w.gate(d, id)
	if err != nil {
		return err
	}
	return g.refuse(can, d.Now())
}
