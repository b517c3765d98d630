package okpay_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// caseWords are the wallet's words that cases have another one for.
var caseWords = map[string]string{
	// Disputes name the winner; cases speak from the payer's side.
	"resolved_for_payer":            "won",
	"resolved_for_merchant":         "lost",
	"dispute.resolved_for_payer":    "dispute.won",
	"dispute.resolved_for_merchant": "dispute.lost",
	"dispute_resolved_for_payer":    "dispute_won",
	"dispute_resolved_for_merchant": "dispute_lost",
}

func inCaseWords(word string) string {
	if w, ok := caseWords[word]; ok {
		return w
	}
	return word
}

// config makes a wallet's Config of a case's. A setting that is not known is out of scope.
func (w *caseWorld) config(settings map[string]json.RawMessage) (okpay.Config, error) {
	cfg := okpay.Config{
		Sources:         map[string]rails.FundingSource{"psp": caseSource{}, "card": caseSource{}, "bank": caseSource{}},
		PayoutProviders: map[string]rails.PayoutProvider{"bankA": w.provider},
	}
	for name, raw := range settings {
		var err error
		switch name {
		case "fees":
			err = caseFees(raw, &cfg.Fees)
		case "refund_fees":
			var how string
			if err = json.Unmarshal(raw, &how); err == nil {
				switch how {
				case "proportional":
					cfg.RefundFees = okpay.ReturnFeeProportionally
				case "keep", "none":
					cfg.RefundFees = okpay.KeepFee
				default:
					err = outOfScope("refund_fees " + how)
				}
			}
		case "limits":
			err = caseLimits(raw, &cfg)
		case "max_attempts":
			err = json.Unmarshal(raw, &cfg.MaxAttempts)
		case "timezone":
			err = caseZone(raw, &cfg)
		case "auto_approve_max":
			err = caseAmounts(raw, &cfg.Withdrawals.AutoApproveMax)
		case "four_eyes_above", "four_eyes":
			err = caseAmounts(raw, &cfg.Withdrawals.FourEyesAbove)
		case "transfer_expiry", "transfer_expires_in", "claim_expires_in":
			err = caseSeconds(raw, &cfg.TransferExpiry)
		case "topup_expiry", "topup_expires_in":
			err = caseSeconds(raw, &cfg.TopUpExpiry)
		default:
			err = outOfScope(fmt.Sprintf("the setting %q", name))
		}
		if err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

func caseSeconds(raw json.RawMessage, to *time.Duration) error {
	var seconds int64
	err := json.Unmarshal(raw, &seconds)
	*to = time.Duration(seconds) * time.Second
	return err
}

func caseZone(raw json.RawMessage, cfg *okpay.Config) error {
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return err
	}
	zone, err := time.LoadLocation(name)
	cfg.Zone = zone
	return err
}

// caseCurrencies are those that a bound without a currency is meant for.
var caseCurrencies = []string{"CNY", "USD", "EUR", "JPY", "KWD", "BHD", "GBP", "HKD", "CLF"}

// caseAmounts reads a number for every currency, or an object by currency.
func caseAmounts(raw json.RawMessage, to *okpay.Amounts) error {
	var minor int64
	if json.Unmarshal(raw, &minor) == nil {
		*to = okpay.Amounts{}
		for _, code := range caseCurrencies {
			(*to)[code] = minor
		}
		return nil
	}
	return json.Unmarshal(raw, to)
}

type caseFee struct {
	BPS   int64 `json:"bps"`
	Fixed int64 `json:"fixed"`
	Min   int64 `json:"min"`
	Max   int64 `json:"max"`
}

func caseFees(raw json.RawMessage, fees *okpay.Fees) error {
	var of map[string]caseFee
	if err := strictly(raw, &of); err != nil {
		return outOfScope("fees: " + err.Error())
	}
	for name, f := range of {
		fee := okpay.Fee{BasisPoints: f.BPS, Fixed: f.Fixed, Min: f.Min, Max: f.Max}
		switch name {
		case "payment":
			fees.Payment = fee
		case "transfer":
			fees.Transfer = fee
		case "topup":
			fees.TopUp = fee
		case "withdrawal":
			fees.Withdrawal = fee
		case "payout":
			fees.Payout = fee
		default:
			return outOfScope("a fee for " + name)
		}
	}
	return nil
}

// caseLimits reads limits such as withdrawal_daily: what they are on, and over which period.
func caseLimits(raw json.RawMessage, cfg *okpay.Config) error {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(raw, &of); err != nil {
		return err
	}
	for name, value := range of {
		switch name {
		case "timezone":
			if err := caseZone(value, cfg); err != nil {
				return err
			}
			continue
		case "min_remaining":
			if err := caseAmounts(value, &cfg.Withdrawals.MinRemaining); err != nil {
				return err
			}
			continue
		}
		var n int64
		if err := json.Unmarshal(value, &n); err != nil {
			return outOfScope("the limit " + name)
		}
		on, rest, _ := strings.Cut(name, "_")
		l := okpay.Limit{On: okpay.Operation(on)}
		switch rest {
		case "min":
			l.Per, l.Min = okpay.Each, n
		case "max", "per_transaction", "transaction":
			l.Per, l.Max = okpay.Each, n
		case "hourly":
			l.Per, l.Max = okpay.Hourly, n
		case "daily":
			l.Per, l.Max = okpay.Daily, n
		case "monthly":
			l.Per, l.Max = okpay.Monthly, n
		case "hourly_count", "count_hourly":
			l.Per, l.Count = okpay.Hourly, n
		case "daily_count", "count_daily":
			l.Per, l.Count = okpay.Daily, n
		case "monthly_count", "count_monthly":
			l.Per, l.Count = okpay.Monthly, n
		default:
			return outOfScope("the limit " + name)
		}
		switch l.On {
		case okpay.OnPayment, okpay.OnTransfer, okpay.OnTopUp, okpay.OnWithdrawal, okpay.OnPayout, okpay.OnConversion:
		default:
			return outOfScope("the limit " + name)
		}
		cfg.Limits = append(cfg.Limits, l)
	}
	return nil
}

// strictly decodes JSON without passing over what is not known.
func strictly(raw json.RawMessage, to any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
