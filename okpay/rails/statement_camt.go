package rails

import (
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
)

// Camt053 reads an ISO 20022 bank-to-customer statement (camt.053, any version). Each booked
// entry (Ntry with status BOOK) is a row, or as many as it has transactions (TxDtls): credits
// are In, debits Out. Of a transaction, EndToEndId is the Reference (NOTPROVIDED means none),
// AcctSvcrRef what the bank calls it, and RtrInf or a reversal indicator means Returned.
// Charges (Chrgs/Rcrd) that stand beside the amount are its Cost. Entries that are pending or
// for information are passed over.
//
// What is not an entry (balances, parties) is not looked at. External entities are not
// expanded.
func Camt053(r io.Reader, currencies *money.Registry) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p := &portion{r: r, left: maxRow}
		c := &camtReading{reading: reading{currencies: currencies, row: 1, file: p}, xml: xml.NewDecoder(p)}
		c.yield = func(row Row, err error) bool {
			p.next()
			c.row++
			return yield(row, err)
		}
		c.skipped = p.next
		if err := c.all(); err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, err)
		}
	}
}

// errStopped ends a reading whose rows nobody wants any more.
var errStopped = errors.New("stopped")

type camtReading struct {
	reading
	xml     *xml.Decoder
	yield   func(Row, error) bool
	skipped func() // an entry that is no row was read
	entry   camtEntry
	inside  bool         // an entry
	details int          // of the entry, so far
	bare    *camtDetails // the entry's first transaction, if it has no amount
	root    bool         // the document was seen to be a statement
}

// camtEntry is what an entry says of all its transactions.
type camtEntry struct {
	amount    camtAmount
	direction string
	reversal  string
	status    string
	booked    camtDate
	reference string
	charges   camtCharges
}

type camtAmount struct {
	Currency string `xml:"Ccy,attr"`
	Text     string `xml:",chardata"`
}

type camtDate struct {
	Date     string `xml:"Dt"`
	DateTime string `xml:"DtTm"`
}

// camtStatus is a code in newer versions, plain text in older ones.
type camtStatus struct {
	Code string `xml:"Cd"`
	Text string `xml:",chardata"`
}

type camtCharges struct {
	Records []struct {
		Amount   camtAmount `xml:"Amt"`
		Included string     `xml:"ChrgInclInd"`
	} `xml:"Rcrd"`
}

type camtDetails struct {
	EndToEnd  string      `xml:"Refs>EndToEndId"`
	Other     string      `xml:"Refs>AcctSvcrRef"`
	Amount    camtAmount  `xml:"Amt"`
	Older     camtAmount  `xml:"AmtDtls>TxAmt>Amt"`
	Direction string      `xml:"CdtDbtInd"`
	Charges   camtCharges `xml:"Chrgs"`
	Return    *struct{}   `xml:"RtrInf"`
}

func (d *camtDetails) hasAmount() bool {
	return strings.TrimSpace(d.Amount.Text) != "" || strings.TrimSpace(d.Older.Text) != ""
}

// all reads the document token by token, so that an entry of any number of transactions
// takes no more memory than one of them.
func (c *camtReading) all() error {
	for {
		token, err := c.xml.Token()
		if err == io.EOF {
			if !c.root {
				return c.malformed("it is no camt.053 document", nil)
			}
			return nil
		}
		if err != nil {
			return c.failed("it is not well-formed", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = c.start(&t)
		case xml.EndElement:
			if t.Name.Local == "Ntry" {
				err = c.end()
			}
		}
		if err != nil {
			return err
		}
	}
}

func (c *camtReading) start(t *xml.StartElement) error {
	into := any(nil)
	switch {
	case t.Name.Local == "BkToCstmrStmt":
		c.root = true
		return nil
	case t.Name.Local == "Ntry":
		if !c.root || c.inside {
			return c.malformed("an entry stands where there can be none", nil)
		}
		c.entry, c.inside, c.details, c.bare = camtEntry{}, true, 0, nil
		return nil
	case !c.inside:
		return nil
	case t.Name.Local == "TxDtls":
		var d camtDetails
		if err := c.xml.DecodeElement(&d, t); err != nil {
			return c.failed("it is not well-formed", err)
		}
		c.details++
		if c.bare != nil {
			return c.malformed("one of several transactions has no amount", nil)
		}
		if !d.hasAmount() {
			// Of a single transaction the entry tells the amount, so wait for the next one.
			if c.details > 1 {
				return c.malformed("one of several transactions has no amount", nil)
			}
			c.bare = &d
			return nil
		}
		return c.emit(&d)
	}
	var status camtStatus
	switch t.Name.Local {
	case "Amt":
		into = &c.entry.amount
	case "CdtDbtInd":
		into = &c.entry.direction
	case "RvslInd":
		into = &c.entry.reversal
	case "Sts":
		into = &status
	case "BookgDt":
		into = &c.entry.booked
	case "AcctSvcrRef":
		into = &c.entry.reference
	case "Chrgs":
		into = &c.entry.charges
	case "NtryDtls":
		return nil // its transactions follow
	default:
		if err := c.xml.Skip(); err != nil {
			return c.failed("it is not well-formed", err)
		}
		return nil
	}
	if err := c.xml.DecodeElement(into, t); err != nil {
		return c.failed("it is not well-formed", err)
	}
	if t.Name.Local == "Sts" {
		if c.entry.status = strings.TrimSpace(status.Code); c.entry.status == "" {
			c.entry.status = strings.TrimSpace(status.Text)
		}
	}
	return nil
}

// end ends an entry: one without transactions is a row itself.
func (c *camtReading) end() error {
	c.inside = false
	if c.bare != nil {
		return c.emit(c.bare)
	}
	if c.details > 0 {
		return nil
	}
	return c.emit(&camtDetails{Charges: c.entry.charges})
}

func (c *camtReading) emit(d *camtDetails) error {
	e := &c.entry
	if e.status != "BOOK" {
		c.skipped()
		return nil
	}
	amount := d.Amount
	if strings.TrimSpace(amount.Text) == "" {
		amount = d.Older
	}
	if strings.TrimSpace(amount.Text) == "" {
		amount = e.amount
	}
	row := Row{Other: strings.TrimSpace(d.Other)}
	if row.Other == "" {
		row.Other = strings.TrimSpace(e.reference)
	}
	if ref := strings.TrimSpace(d.EndToEnd); ref != "NOTPROVIDED" {
		row.Reference = ref
	}
	direction := strings.TrimSpace(d.Direction)
	if direction == "" {
		direction = strings.TrimSpace(e.direction)
	}
	switch direction {
	case "CRDT":
		row.Direction = In
	case "DBIT":
		row.Direction = Out
	}
	row.Returned = d.Return != nil || strings.TrimSpace(e.reversal) == "true" || strings.TrimSpace(e.reversal) == "1"
	var err error
	if row.Amount, err = c.amount(strings.TrimSpace(amount.Text), amount.Currency); err != nil {
		return err
	}
	row.Cost = money.Zero(row.Amount.Currency())
	for _, charge := range d.Charges.Records {
		if strings.TrimSpace(charge.Included) == "true" {
			continue // the amount has it already
		}
		cost, err := c.amount(strings.TrimSpace(charge.Amount.Text), charge.Amount.Currency)
		if err == nil {
			row.Cost, err = row.Cost.Add(cost)
		}
		if err != nil {
			return c.malformed("a charge can not be added up", err)
		}
	}
	booked := strings.TrimSpace(e.booked.DateTime)
	if booked == "" {
		booked = strings.TrimSpace(e.booked.Date)
	}
	if row.BookedAt, err = c.instant(booked); err != nil {
		return err
	}
	row, err = c.checked(row)
	if err != nil {
		return err
	}
	if !c.yield(row, nil) {
		return errStopped
	}
	return nil
}
