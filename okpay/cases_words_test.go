package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
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
func (w *caseWorld) config(c *walletCase) (okpay.Config, error) {
	cfg := okpay.Config{
		Sources:         map[string]rails.FundingSource{},
		PayoutProviders: map[string]rails.PayoutProvider{"bankA": w.providerOf("bankA")},
		Risk:            w.assess, VerifyStepUp: verifyInCase, NewID: newCaseIDs(),
	}
	for _, name := range append(c.sources(), "psp", "card", "bank") {
		cfg.Sources[name] = w.source
	}
	for _, call := range c.calls() {
		if provider, _ := call.Args["provider"].(string); provider != "" && strings.HasSuffix(call.Op, ".request") {
			cfg.PayoutProviders[provider] = w.providerOf(provider)
		}
		// What a case says of a single object, and the wallet of all.
		within := seconds(call.Args["expires_in"])
		switch {
		case call.Op == "topup.create" && within > 0:
			cfg.TopUpExpiry = within
		case call.Op == "dispute.open" && seconds(call.Args["due_in"]) > 0:
			cfg.EvidenceWindow = seconds(call.Args["due_in"])
		}
	}
	for name, raw := range c.Setup.Config {
		if err := w.setting(&cfg, name, raw); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// setting reads one setting of a case.
func (w *caseWorld) setting(cfg *okpay.Config, name string, raw json.RawMessage) error {
	switch name = inWords(name, settingWords); name {
	case "fees":
		return caseFees(raw, &cfg.Fees)
	case "refund_fees":
		var how string
		if err := json.Unmarshal(raw, &how); err != nil {
			return outOfScope("refund_fees " + string(raw))
		}
		switch how {
		case "proportional":
			cfg.RefundFees = okpay.ReturnFeeProportionally
		case "keep", "none", "kept":
			cfg.RefundFees = okpay.KeepFee
		default:
			return outOfScope("refund_fees " + how)
		}
		return nil
	case "limits":
		return w.caseLimits(raw, cfg)
	case "risk", "withdrawals", "review", "approvals", "withdrawal", "payments", "payment", "transfers", "transfer", "topups", "topup", "refunds", "refund", "disputes", "dispute":
		var of map[string]json.RawMessage
		if err := json.Unmarshal(raw, &of); err != nil {
			return outOfScope(name + " " + string(raw))
		}
		for inner, value := range of {
			// What a group says of its own, such as expires_in, what stands for itself, and a limit.
			full := strings.TrimSuffix(name, "s") + "_" + inner
			err := w.setting(cfg, full, value)
			if errors.As(err, new(outOfScope)) {
				err = w.setting(cfg, inner, value)
			}
			if _, limits := limitNamed(full, 0); errors.As(err, new(outOfScope)) && limits {
				err = w.caseLimits(json.RawMessage(`{"`+full+`": `+string(value)+`}`), cfg)
			}
			if err != nil {
				return err
			}
		}
		return nil
	case "rates":
		return caseRates(raw, cfg)
	case "merchant_fees":
		var of map[string]json.RawMessage
		if err := json.Unmarshal(raw, &of); err != nil {
			return outOfScope("merchant_fees " + string(raw))
		}
		for merchant, raw := range of {
			var fees okpay.Fees
			if err := caseFees(raw, &fees); err != nil {
				return err
			}
			w.terms[okpay.MerchantID(merchant)] = &fees
		}
		return nil
	case "max_attempts":
		return json.Unmarshal(raw, &cfg.MaxAttempts)
	case "timezone":
		return caseZone(raw, cfg)
	case "auto_approve_max":
		return caseAmounts(raw, &cfg.Withdrawals.AutoApproveMax)
	case "four_eyes":
		return caseAmounts(raw, &cfg.Withdrawals.FourEyesAbove)
	case "four_eyes_from":
		err := caseAmounts(raw, &cfg.Withdrawals.FourEyesAbove)
		for code := range cfg.Withdrawals.FourEyesAbove {
			cfg.Withdrawals.FourEyesAbove[code]--
		}
		return err
	case "min_remaining":
		return caseAmounts(raw, &cfg.Withdrawals.MinRemaining)
	case "return_fee":
		var how any
		err := json.Unmarshal(raw, &how)
		cfg.Withdrawals.ReturnFee = how == true || how == "return" || how == "returned" || how == "full"
		return err
	case "transfer_expiry":
		return caseSeconds(raw, &cfg.TransferExpiry)
	case "topup_expiry":
		return caseSeconds(raw, &cfg.TopUpExpiry)
	case "payment_expiry":
		return caseSeconds(raw, &cfg.PaymentExpiry)
	case "challenge_expiry":
		return caseSeconds(raw, &cfg.ChallengeExpiry)
	case "dispute_window":
		return caseSeconds(raw, &cfg.DisputeWindow)
	case "evidence_window":
		return caseSeconds(raw, &cfg.EvidenceWindow)
	case "refund_window":
		return caseSeconds(raw, &cfg.RefundWindow)
	case "finality_window":
		var window time.Duration
		err := caseSeconds(raw, &window)
		cfg.FinalityWindows = map[string]time.Duration{}
		for name := range cfg.PayoutProviders {
			cfg.FinalityWindows[name] = window
		}
		return err
	case "refund_to":
		var where string
		err := json.Unmarshal(raw, &where)
		switch where {
		case "source", "original", "provider", "card":
			cfg.RefundTo = okpay.RefundToSource
		case "wallet", "balance":
		default:
			return outOfScope("refund_to " + string(raw))
		}
		return err
	case "step_up_above", "review_above", "block_above":
		verdict := map[string]okpay.Verdict{"step_up_above": okpay.Challenge, "review_above": okpay.Review, "block_above": okpay.Block}[name]
		var above int64
		err := json.Unmarshal(raw, &above)
		w.thresholds = append(w.thresholds, threshold{verdict, above})
		return err
	}
	return outOfScope(fmt.Sprintf("the setting %q", name))
}

func caseSeconds(raw json.RawMessage, to *time.Duration) error {
	var seconds int64
	err := json.Unmarshal(raw, &seconds)
	*to = time.Duration(seconds) * time.Second
	return err
}

// seconds reads a number of seconds; 0 for none.
func seconds(v any) time.Duration {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return time.Duration(i) * time.Second
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
	var one map[string]int64
	if json.Unmarshal(raw, &one) == nil && len(one) == 1 {
		for name, n := range one {
			if slices.Contains([]string{"above", "over", "threshold", "amount", "from", "max", "up_to", "limit"}, name) {
				raw = json.RawMessage(strconv.FormatInt(n, 10))
			}
		}
	}
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

// caseFees reads schedules by what they are on: for every currency, or by currency.
func caseFees(raw json.RawMessage, fees *okpay.Fees) error {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(raw, &of); err != nil {
		return outOfScope("fees: " + err.Error())
	}
	for name, raw := range of {
		var f caseFee
		if strictly(raw, &f) == nil {
			if !(*caseFeesOf)(fees).set(name, f) {
				return outOfScope("a fee for " + name)
			}
			continue
		}
		var byCurrency map[string]caseFee
		if err := strictly(raw, &byCurrency); err != nil {
			return outOfScope("fees: " + err.Error())
		}
		for code, f := range byCurrency {
			name, code := name, code
			if isCurrency(name) {
				name, code = code, name // a currency's schedules, by what they are on
			}
			if !isCurrency(code) {
				return outOfScope("a fee for " + name + " " + code)
			}
			in := (*caseFeesOf)(fees).Currency[code]
			if !(*caseFeesOf)(&in).set(name, f) {
				return outOfScope("a fee for " + name)
			}
			if fees.Currency == nil {
				fees.Currency = map[string]okpay.Fees{}
			}
			fees.Currency[code] = in
		}
	}
	return nil
}

func isCurrency(code string) bool { return len(code) == 3 && strings.ToUpper(code) == code }

// caseRates are what a unit of a currency is worth in another one: by pairs such as USD/CNY.
func caseRates(raw json.RawMessage, cfg *okpay.Config) error {
	var of map[string]struct{ Mid, Rate decimal.Decimal }
	if err := json.Unmarshal(raw, &of); err != nil {
		return outOfScope("rates: " + err.Error())
	}
	cfg.Rates = func(_ context.Context, base, quote money.Currency) (okpay.Rate, error) {
		for _, between := range []string{"/", "", ":", "_", "-"} {
			if r, ok := of[base.Code()+between+quote.Code()]; ok {
				return okpay.Rate{Mid: r.Mid, Rate: r.Rate}, nil
			}
		}
		return okpay.Rate{}, errors.New("there is no rate")
	}
	return nil
}

// caseFeesOf are schedules that a case sets.
type caseFeesOf okpay.Fees

func (fees *caseFeesOf) set(name string, f caseFee) bool {
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
		return false
	}
	return true
}

// caseLimits reads limits such as withdrawal_daily: what they are on, and over which period.
func (w *caseWorld) caseLimits(raw json.RawMessage, cfg *okpay.Config) error {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(raw, &of); err != nil {
		return outOfScope("limits " + string(raw))
	}
	for name, value := range of {
		switch own := inWords(name, settingWords); own {
		case "timezone", "min_remaining", "auto_approve_max", "four_eyes", "four_eyes_from", "max_attempts":
			if err := w.setting(cfg, own, value); err != nil {
				return err
			}
			continue
		}
		var inner map[string]json.RawMessage
		if json.Unmarshal(value, &inner) == nil && len(inner) > 0 && !isCurrency(slices.Sorted(maps.Keys(inner))[0]) {
			// By what they are on, and then by period.
			flat := map[string]json.RawMessage{}
			for period, bound := range inner {
				flat[name+"_"+period] = bound
			}
			again, err := json.Marshal(flat)
			if err != nil {
				return err
			}
			if err := w.caseLimits(again, cfg); err != nil {
				return err
			}
			continue
		}
		var bounds okpay.Amounts
		if err := caseAmounts(value, &bounds); err != nil {
			return outOfScope("the limit " + name)
		}
		for code, n := range bounds {
			l, ok := limitNamed(name, n)
			if !ok {
				return outOfScope("the limit " + name)
			}
			l.Currency = code
			cfg.Limits = append(cfg.Limits, l)
		}
	}
	return nil
}

// limitNamed reads a limit's name, word by word in any order.
func limitNamed(name string, n int64) (l okpay.Limit, ok bool) {
	count, least := false, false
	for _, word := range strings.Split(strings.ToLower(name), "_") {
		switch word {
		case "payment", "transfer", "topup", "withdrawal", "payout", "conversion", "refund":
			l.On = okpay.Operation(word)
		case "withdrawals", "payments", "transfers":
			l.On = okpay.Operation(strings.TrimSuffix(word, "s"))
		case "min", "minimum":
			l.Per, least = okpay.Each, true
		case "max", "maximum", "per", "limit", "amount", "sum", "total":
		case "transaction", "txn", "tx", "each", "single":
			l.Per = okpay.Each
		case "hour", "hourly":
			l.Per = okpay.Hourly
		case "day", "daily":
			l.Per = okpay.Daily
		case "month", "monthly":
			l.Per = okpay.Monthly
		case "count", "number":
			count = true
		default:
			return l, false
		}
	}
	if l.Per == "" {
		l.Per = okpay.Each
	}
	switch {
	case least:
		l.Min = n
	case count:
		l.Count = n
	default:
		l.Max = n
	}
	return l, l.On != "" && !(count && l.Per == okpay.Each)
}

// strictly decodes JSON without passing over what is not known.
func strictly(raw json.RawMessage, to any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	d.DisallowUnknownFields()
	return d.Decode(to)
}
