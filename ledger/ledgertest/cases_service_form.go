package ledgertest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// errorNames are the words of the cases for the reasons of refusals.
var errorNames = map[string][]ledger.Reason{
	"INSUFFICIENT_FUNDS":    {ledger.InsufficientFunds},
	"OVERDRAFT_LIMIT":       {ledger.InsufficientFunds},
	"ALREADY_REVERSED":      {ledger.AlreadyReversed},
	"LIMIT_EXCEEDED":        {ledger.LimitExceeded},
	"ACCOUNT_FROZEN":        {ledger.AccountFrozen},
	"ACCOUNT_CLOSED":        {ledger.AccountClosed},
	"NOT_FOUND":             {ledger.TransactionUnknown, ledger.HoldUnknown},
	"HOLD_NOT_FOUND":        {ledger.HoldUnknown},
	"HOLD_CAPTURED":         {ledger.HoldCaptured},
	"HOLD_VOIDED":           {ledger.HoldVoided},
	"HOLD_EXPIRED":          {ledger.HoldExpired},
	"HOLD_EXCEEDED":         {ledger.HoldExceeded},
	"TRANSACTION_NOT_FOUND": {ledger.TransactionUnknown},
}

// reusedNames are the words of the cases for an id that was used for something else.
var reusedNames = []string{"IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_KEY_REUSED", "ID_REUSED", "KEY_REUSED"}

func knownError(name string) bool {
	return errorNames[name] != nil || slices.Contains(reusedNames, name)
}

// learn finds the scale of the accounts that hold units.
func (c *serviceCase) learn(s *serviceStep) {
	if s.Op == "account" {
		c.overdrafts[s.ID] = s.Overdraft
		c.scales[s.ID] = max(c.scales[s.ID], decimals(s.Balance), decimals(s.Overdraft))
	}
	if s.Src != "" {
		c.scales[s.Src] = max(c.scales[s.Src], decimals(s.Amount))
	}
	for _, p := range slices.Concat(s.Postings, s.Items) {
		c.assets[p[2]] = max(c.assets[p[2]], decimals(p[3]))
	}
	if s.Op == "hold" && s.ID != "" {
		c.holdsOf[s.ID] = *s
	}
}

// check reports a step that can not be done.
func (c *serviceCase) check(s *serviceStep) (err error) {
	switch s.Op {
	case "post", "bulk":
		rows := s.Postings
		if s.Op == "bulk" {
			rows = s.Items
		}
		if len(rows) == 0 {
			return fmt.Errorf("%q has nothing to post", s.Op)
		}
		for _, p := range rows {
			if _, err := amountOf(p[2], p[3], c.assets[p[2]]); err != nil {
				return err
			}
		}
	case "reverse":
		if s.Tx == "" {
			return errors.New("a reversal of nothing")
		}
	case "move":
		if (s.Input == "") == (s.Output == "") {
			return errors.New("a move has either an input or an output")
		}
		if _, err := instantOf(s.Effective); err != nil {
			return err
		}
		_, err = amountOf("UNIT", s.Input+s.Output, 0)
	case "account":
		if s.Overdraft != "" && inWords.FindStringSubmatch(s.Overdraft) == nil {
			if _, err := c.units(s.ID, s.Overdraft); err != nil {
				return err
			}
		}
		if words := inWords.FindStringSubmatch(s.Overdraft); words != nil {
			scale, err := strconv.Atoi(words[2])
			if err != nil || scale > 18 {
				return fmt.Errorf("the overdraft limit %q", s.Overdraft)
			}
			if _, err := decimal.NewFromString(words[1]); err != nil {
				return err
			}
		}
		_, err = c.units(s.ID, cmp.Or(s.Balance, "0"))
	case "hold", "spend":
		if s.Src == "" {
			return fmt.Errorf("%q has no src", s.Op)
		}
		_, err = c.units(s.Src, s.Amount)
	case "capture", "void":
		h, ok := c.holdsOf[s.Hold]
		if s.Hold == "" || s.Amount != "" && !ok {
			return fmt.Errorf("%q names no hold of the case", s.Op)
		}
		if s.Amount != "" {
			_, err = c.units(h.Src, s.Amount)
		}
	case "advance_time":
		if d, e := time.ParseDuration(s.Seconds.String() + "s"); e != nil || d < 0 {
			return fmt.Errorf("%q is no number of seconds to advance by", s.Seconds)
		}
	case "new ledger":
	case "repeat", "concurrent":
		var call serviceStep
		if err := strict(s.Call, &call); err != nil {
			return fmt.Errorf("the call: %w", err)
		}
		if s.Times < 1 || s.Times > 10_000 || call.Op == "repeat" || call.Op == "concurrent" || call.Op == "new ledger" || call.Op == "bulk" {
			return fmt.Errorf("%q of %q, %d times", s.Op, call.Op, s.Times)
		}
		return c.check(&call)
	default:
		return fmt.Errorf("%q is no verb that is known", s.Op)
	}
	return err
}

func (c *serviceCase) checkExpectation(want *serviceExpectation) error {
	if want.Error != "" && !knownError(want.Error) {
		return fmt.Errorf("no error of ours is called %q", want.Error)
	}
	for _, number := range []*string{want.Input, want.Output, want.Balance} {
		if number != nil && !plainNumber.MatchString(*number) {
			return fmt.Errorf("%.60q is no number", *number)
		}
	}
	switch {
	case want.Move > 0 && (want.Input == nil || want.Output == nil):
		return errors.New("an effective total without input and output")
	case want.At != "":
		if want.Balance == nil {
			return errors.New("a moment without a balance")
		}
		_, err := instantOf(want.At)
		return err
	case want.Account != "" && want.Input == nil && want.Output == nil && want.Balance == nil,
		want.Account == "" && want.Error == "" && want.Result == nil && want.Move == 0 && want.Transactions == nil && want.Events == nil:
		return errors.New("says nothing")
	}
	return nil
}

// decimals is how many digits a number has after its point.
func decimals(number string) int {
	if _, fraction, ok := strings.Cut(number, "."); ok && !strings.Contains(number, " ") {
		return len(fraction)
	}
	return 0
}

// inWords is a limit such as "0.29 of a unit with 2 decimals", of minor units.
var inWords = regexp.MustCompile(`^([0-9.]+) of a unit with ([0-9]+) decimals$`)

// plainNumber is a number without an exponent, which could stand for more digits than there
// is room for.
var plainNumber = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?$`)

// amountOf reads an amount of an asset such as "USD/2", in minor units, or of one without
// a scale of its own.
func amountOf(asset, text string, scale int) (money.Amount, error) {
	number, err := decimal.NewFromString(text)
	if err != nil || !plainNumber.MatchString(text) {
		return money.Amount{}, fmt.Errorf("%.60q is no amount", text)
	}
	code, digits, ok := strings.Cut(asset, "/")
	if ok {
		if scale, err = strconv.Atoi(digits); err != nil || scale < 0 || scale > 18 {
			return money.Amount{}, fmt.Errorf("the asset %.60q", asset)
		}
		number = number.Shift(int32(-scale))
	}
	currency, err := money.NewCurrency(code, scale)
	if err != nil {
		return money.Amount{}, err
	}
	return money.FromDecimal(number, currency)
}

// units reads an amount of the asset of an account that is made by a step.
func (c *serviceCase) units(account, text string) (money.Amount, error) {
	scale := c.scales[account]
	return amountOf("UNIT"+strconv.Itoa(scale), text, scale)
}

// instantOf reads t0, t1 and so on: hours of the day before.
func instantOf(name string) (time.Time, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "t"))
	if err != nil || !strings.HasPrefix(name, "t") || n < 0 || n > 1_000 {
		return time.Time{}, fmt.Errorf("%.60q is no instant such as t3", name)
	}
	return startTime.AddDate(0, 0, -60).Add(time.Duration(n) * time.Hour), nil
}

// serviceExpectation is what has to be so after a step.
type serviceExpectation struct {
	After        int             `json:"after"`
	Result       json.RawMessage `json:"result"`
	Error        string          `json:"error"`
	Account      string          `json:"account"`
	Asset        string          `json:"asset"`
	Input        *string         `json:"input"`
	Output       *string         `json:"output"`
	Balance      *string         `json:"balance"`
	Move         int             `json:"effective_total_of_move"`
	KnownAfter   int             `json:"as_known_after_step"`
	At           string          `json:"at"`
	Transactions *int64          `json:"transactions"`
	Events       *int            `json:"events"`
	Note         string          `json:"note"`
}
