package care

import "github.com/okpay/okpay-go/okpay"

// Machines returns the state machines of this package.
func Machines() []okpay.Table {
	return []okpay.Table{
		operatorMachine().Drawn(),
	}
}
