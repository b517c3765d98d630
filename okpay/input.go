package okpay

import (
	"errors"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
)

// amount checks an amount that is to be moved, and that its currency is the wallet's.
func (w *Wallet) amount(field string, a money.Amount) error {
	if a.Currency().IsZero() {
		return InvalidField(field, "is missing")
	}
	known, err := w.Currency(a.Currency().Code())
	if err == nil && known != a.Currency() {
		err = NewError(CurrencyNotSupported, "the currency has %d decimals here", known.Scale())
	}
	if err == nil && !a.IsPositive() {
		err = NewError(AmountNotPositive, "the amount is %s", a)
	}
	var e *Error
	if errors.As(err, &e) {
		e.Field = field
	}
	return err
}

// CheckText bounds a text: valid UTF-8 without control characters.
func CheckText(field, s string, most int) error {
	if len(s) > most {
		return InvalidField(field, "has %d bytes, want at most %d", len(s), most)
	}
	if strings.ToValidUTF8(s, "") != s || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return InvalidField(field, "is not plain text in UTF-8")
	}
	return nil
}

func checkMetadata(m map[string]string) error {
	if len(m) > 20 {
		return InvalidField("metadata", "has %d entries, want at most 20", len(m))
	}
	for k, v := range m {
		if k == "" {
			return InvalidField("metadata", "has an empty key")
		}
		if err := errors.Join(CheckText("metadata", k, 40), CheckText("metadata", v, 500)); err != nil {
			return err
		}
	}
	return nil
}

// pageSize bounds a list's page: 1 to 100, 20 unless told.
func pageSize(n int) int {
	if n <= 0 {
		return 20
	}
	return min(n, 100)
}
