package httpapi

import "net/http"

// routes returns every operation. openapi.yaml describes the same ones, which a test
// compares.
func (h *handler) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{method: get, path: "/v1/openapi.yaml", public: true, serve: h.document.get},

		{method: get, path: "/v1/merchant", serve: getMerchant},
		{method: get, path: "/v1/balances", serve: listBalances},
		{method: get, path: "/v1/debts", serve: listDebts},
		{method: get, path: "/v1/statement", query: []string{"currency", "order", "from", "until", "kinds", "cursor", "limit"}, serve: getStatement},
		{method: get, path: "/v1/statement.csv", query: []string{"currency", "order", "from", "until", "kinds"}, serve: getStatementCSV},
		{method: get, path: "/v1/settlement", query: []string{"currency", "date"}, serve: getSettlement},
		{method: get, path: "/v1/settlement.csv", query: []string{"currency", "date"}, serve: getSettlementCSV},
		{method: get, path: "/v1/activity", query: []string{"kinds", "cursor", "limit"}, serve: listActivity},

		{method: post, path: "/v1/payments", keyed: true, serve: createPayment},
		{method: get, path: "/v1/payments", query: []string{"state", "cursor", "limit"}, serve: listPayments},
		{method: get, path: "/v1/payments/{id}", serve: getPayment},
		{method: post, path: "/v1/payments/{id}/capture", keyed: true, serve: capturePayment},
		{method: post, path: "/v1/payments/{id}/cancel", keyed: true, serve: cancelPayment},
		{method: post, path: "/v1/payments/{id}/refunds", keyed: true, serve: createRefund},
		{method: get, path: "/v1/payments/{id}/refunds", query: []string{"cursor", "limit"}, serve: listPaymentRefunds},

		{method: get, path: "/v1/payment_shares", query: []string{"cursor", "limit"}, serve: listPaymentShares},
		{method: get, path: "/v1/payment_shares/{id}", serve: getPaymentShare},

		{method: get, path: "/v1/refunds", query: []string{"cursor", "limit"}, serve: listRefunds},
		{method: get, path: "/v1/refunds/{id}", serve: getRefund},
		{method: post, path: "/v1/refunds/{id}/cancel", keyed: true, serve: cancelRefund},

		{method: get, path: "/v1/disputes", query: []string{"cursor", "limit"}, serve: listDisputes},
		{method: get, path: "/v1/disputes/{id}", serve: getDispute},
		{method: post, path: "/v1/disputes/{id}/evidence", keyed: true, serve: addEvidence},

		{method: get, path: "/v1/payout_conditions", query: []string{"currency"}, serve: getPayoutConditions},
		{method: post, path: "/v1/payouts", keyed: true, serve: createPayout},
		{method: get, path: "/v1/payouts", query: []string{"cursor", "limit"}, serve: listPayouts},
		{method: get, path: "/v1/payouts/{id}", serve: getPayout},
		{method: post, path: "/v1/payouts/{id}/cancel", keyed: true, serve: cancelPayout},
		{method: post, path: "/v1/payout_schedules", keyed: true, serve: setPayoutSchedule},
		{method: get, path: "/v1/payout_schedules/{currency}", serve: getPayoutSchedule},
		{method: post, path: "/v1/payout_schedules/{currency}/remove", keyed: true, serve: removePayoutSchedule},

		{method: post, path: "/v1/destinations", keyed: true, serve: createDestination},
		{method: get, path: "/v1/destinations", query: []string{"cursor", "limit"}, serve: listDestinations},
		{method: get, path: "/v1/destinations/{id}", serve: getDestination},
		{method: post, path: "/v1/destinations/{id}/remove", keyed: true, serve: removeDestination},

		{method: post, path: "/v1/webhook_endpoints", keyed: true, serve: createEndpoint},
		{method: get, path: "/v1/webhook_endpoints", serve: listEndpoints},
		{method: get, path: "/v1/webhook_endpoints/{id}", serve: getEndpoint},
		{method: del, path: "/v1/webhook_endpoints/{id}", serve: deleteEndpoint},
		{method: get, path: "/v1/webhook_endpoints/{id}/deliveries", query: []string{"limit"}, serve: listDeliveries},
	}
}
