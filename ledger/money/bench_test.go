package money_test

import (
	"testing"

	"github.com/okpay/okpay-go/ledger/money"
)

func BenchmarkAdd(b *testing.B) {
	sum, one := money.Zero(cny), money.New(1, cny)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if sum, err = sum.Add(one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := money.Parse("1234567.89", cny); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	a := money.New(123456789, cny)
	b.ReportAllocs()
	for b.Loop() {
		_ = a.Text()
	}
}

func BenchmarkAllocate(b *testing.B) {
	a := money.New(123456789, cny)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Allocate(70, 20, 10); err != nil {
			b.Fatal(err)
		}
	}
}
