package money_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
)

// Text from outside is read strictly, for a currency that is looked up first.
func ExampleParse() {
	cny, err := money.Lookup("CNY")
	if err != nil {
		fmt.Println(err)
		return
	}
	price, err := money.Parse("19.95", cny)
	fmt.Println(price, price.Minor(), err)

	_, err = money.Parse("19.955", cny)
	fmt.Println(err)
	fmt.Println(errors.Is(err, money.ErrPrecision))
	// Output:
	// 19.95 CNY 1995 <nil>
	// money: more decimals than the currency has: "19.955": more decimals than CNY has
	// true
}

// Arithmetic is checked: nothing wraps around, and currencies do not mix.
func ExampleAmount_Add() {
	price := money.New(1995, money.MustISO("CNY"))
	shipping := money.New(500, money.MustISO("CNY"))
	total, err := price.Add(shipping)
	fmt.Println(total, err)

	_, err = total.Add(money.New(100, money.MustISO("USD")))
	fmt.Println(err)
	// Output:
	// 24.95 CNY <nil>
	// money: currencies differ: "CNY" and "USD"
}

// A fee of 60 basis points, rounded half up to a whole fen.
func ExampleAmount_MulDiv() {
	price := money.New(1995, money.MustISO("CNY"))
	fee, err := price.MulDiv(60, 10_000, money.RoundHalfUp)
	fmt.Println(fee, err)
	// Output:
	// 0.12 CNY <nil>
}

// Three parties share an amount by ratios, and no fen is lost.
func ExampleAmount_Allocate() {
	sale := money.New(10000, money.MustISO("CNY"))
	parts, err := sale.Allocate(1, 1, 1)
	fmt.Println(parts, err)
	// Output:
	// [33.34 CNY 33.33 CNY 33.33 CNY] <nil>
}

// A bill is split between seven people.
func ExampleAmount_Split() {
	bill := money.New(1000, money.MustISO("JPY"))
	parts, err := bill.Split(7)
	fmt.Println(parts, err)
	// Output:
	// [143 JPY 143 JPY 143 JPY 143 JPY 143 JPY 143 JPY 142 JPY] <nil>
}

// Decimals go in exactly or not at all; round them first where that is meant.
func ExampleFromDecimal() {
	jpy := money.MustISO("JPY")
	_, err := money.FromDecimal(decimal.RequireFromString("10.5"), jpy)
	fmt.Println(err)

	rounded, err := money.FromDecimal(decimal.RequireFromString("10.5").RoundBank(0), jpy)
	fmt.Println(rounded, err)
	fmt.Println(rounded.Decimal())
	// Output:
	// money: more decimals than the currency has
	// 10 JPY <nil>
	// 10
}

// On the wire an amount is an object with two strings.
func ExampleAmount_UnmarshalJSON() {
	var order struct {
		Total money.Amount `json:"total"`
	}
	data := []byte(`{"total":{"amount":"19.95","currency":"CNY"}}`)
	fmt.Println(json.Unmarshal(data, &order), order.Total)

	data, err := json.Marshal(order)
	fmt.Println(string(data), err)

	err = json.Unmarshal([]byte(`{"total":{"amount":19.95,"currency":"CNY"}}`), &order)
	fmt.Println(errors.Is(err, money.ErrSyntax))
	// Output:
	// <nil> 19.95 CNY
	// {"total":{"amount":"19.95","currency":"CNY"}} <nil>
	// true
}

// A program registers its own assets beside the currencies of ISO 4217.
func ExampleRegistry_With() {
	points, err := money.NewCurrency("POINTS", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	registry, err := money.ISO().With(money.Info{Currency: points, NameEN: "Loyalty points", NameZH: "积分"})
	if err != nil {
		fmt.Println(err)
		return
	}

	balance, err := registry.ParseJSON([]byte(`{"amount":"1250","currency":"POINTS"}`))
	fmt.Println(balance, err)
	fmt.Println(registry.Format(balance, "en"))
	fmt.Println(registry.Format(balance, "zh-CN"))
	// Output:
	// 1250 POINTS <nil>
	// POINTS 1,250
	// 1,250 积分
}

// What people read names the currency without doubt, in their language.
func ExampleAmount_Format() {
	for _, code := range []string{"CNY", "USD", "JPY", "KWD"} {
		a := money.New(-123456, money.MustISO(code))
		fmt.Println(a.Format("en"), "|", a.Format("zh-CN"))
	}
	// Output:
	// -CN¥1,234.56 | -1,234.56 元
	// -US$1,234.56 | -1,234.56 美元
	// -JP¥123,456 | -123,456 日元
	// -KWD 123.456 | -123.456 科威特第纳尔
}
