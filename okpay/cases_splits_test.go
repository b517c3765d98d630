package okpay_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

// casePart is what one merchant is to get of a payment that is divided.
type casePart struct {
	merchant string
	how      string // as the case says it: amount, bps, weight
	n        int64
}

// partsOf reads whom a payment is divided among: a list of objects, or weights by merchant.
func partsOf(splits any) (parts []casePart) {
	number := func(v any) (int64, bool) {
		n, ok := v.(json.Number)
		i, err := n.Int64()
		return i, ok && err == nil
	}
	if byMerchant, ok := splits.(map[string]any); ok {
		for _, id := range slices.Sorted(maps.Keys(byMerchant)) {
			n, _ := number(byMerchant[id])
			parts = append(parts, casePart{id, "weight", n})
		}
		return parts
	}
	items, _ := splits.([]any)
	for _, item := range items {
		of, _ := item.(map[string]any)
		var p casePart
		for name, v := range of {
			if text, ok := v.(string); ok && slices.Contains([]string{"merchant", "to", "party", "id", "account", "payee"}, name) {
				p.merchant = strings.TrimPrefix(text, "merchant:")
				p.merchant, _, _ = strings.Cut(p.merchant, ":")
			} else if n, ok := number(v); ok {
				p.how, p.n = name, n
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// splits returns whom a payment is divided among. Of basis points, percents and amounts, what is
// left of the whole is the payment's merchant's.
func (a *arguments) splits(merchant okpay.MerchantID, amount int64) (splits []okpay.Split) {
	list, ok := a.get("splits")
	if !ok {
		return nil
	}
	left, listed := int64(0), false
	for _, p := range partsOf(list) {
		switch p.how {
		case "weight", "share", "ratio", "part", "parts":
		case "bps":
			left = max(left, 10_000)
		case "percent", "pct":
			left = max(left, 100)
		case "amount":
			left = max(left, amount)
		default:
			a.w.inScope(outOfScope("a split by " + p.how))
		}
		splits = append(splits, okpay.Split{Merchant: okpay.MerchantID(p.merchant), Weight: p.n})
		listed = listed || p.merchant == string(merchant)
	}
	for _, s := range splits {
		left -= s.Weight
	}
	if left > 0 && !listed && merchant != "" {
		splits = append(splits, okpay.Split{Merchant: merchant, Weight: left})
	}
	return splits
}
