package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
)

// GetRefund returns a merchant's refund. Errors: NotFound, also for another merchant's.
func (s *Payments) GetRefund(ctx context.Context, merchant MerchantID, id RefundID) (Refund, error) {
	var doc refundDoc
	if err := s.w.get(ctx, "refund", string(id), &doc); err != nil {
		return Refund{}, translate(err)
	}
	if doc.Merchant != merchant {
		return Refund{}, notFound("refund", string(id))
	}
	return s.w.refund(&doc)
}

// ListRefunds is the input of Payments.Refunds.
type ListRefunds struct {
	Merchant MerchantID
	Payment  PaymentID // only this payment's; empty means all of the merchant's
	After    RefundID  // continue after this refund
	Limit    int       // 1 to 100, 20 unless told
}

// Refunds returns a merchant's refunds, the newest first, and whether there are more.
// Errors: NotFound for another merchant's payment.
func (s *Payments) Refunds(ctx context.Context, in ListRefunds) (page []Refund, more bool, err error) {
	label := "m:" + string(in.Merchant)
	if in.Payment != "" {
		if _, err := s.GetOwned(ctx, in.Merchant, in.Payment); err != nil {
			return nil, false, err
		}
		label = "p:" + string(in.Payment)
	}
	limit := pageSize(in.Limit)
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "refund", Label: label, After: string(in.After), Desc: true, Limit: limit + 1,
	})
	if err != nil {
		return nil, false, translate(err)
	}
	for _, record := range records[:min(limit, len(records))] {
		var doc refundDoc
		if err := decodeRecord("refund", record.ID, record, nil, &doc); err != nil {
			return nil, false, err
		}
		r, err := s.w.refund(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, r)
	}
	return page, len(records) > limit, nil
}
