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
		{method: get, path: "/v1/statement", query: []string{"currency", "order", "cursor", "limit"}, serve: getStatement},
		{method: get, path: "/v1/activity", query: []string{"cursor", "limit"}, serve: listActivity},

		{method: post, path: "/v1/payments", keyed: true, serve: createPayment},
		{method: get, path: "/v1/payments", query: []string{"state", "cursor", "limit"}, serve: listPayments},
		{method: get, path: "/v1/payments/{id}", serve: getPayment},
		{method: post, path: "/v1/payments/{id}/capture", keyed: true, serve: capturePayment},
		{method: post, path: "/v1/payments/{id}/cancel", keyed: true, serve: cancelPayment},
		{method: post, path: "/v1/payments/{id}/refunds", keyed: true, serve: createRefund},
		{method: get, path: "/v1/payments/{id}/refunds", query: []string{"cursor", "limit"}, serve: listPaymentRefunds},

		{method: get, path: "/v1/refunds", query: []string{"cursor", "limit"}, serve: listRefunds},
		{method: get, path: "/v1/refunds/{id}", serve: getRefund},

		{method: post, path: "/v1/webhook_endpoints", keyed: true, serve: createEndpoint},
		{method: get, path: "/v1/webhook_endpoints", serve: listEndpoints},
		{method: get, path: "/v1/webhook_endpoints/{id}", serve: getEndpoint},
		{method: del, path: "/v1/webhook_endpoints/{id}", serve: deleteEndpoint},
		{method: get, path: "/v1/webhook_endpoints/{id}/deliveries", query: []string{"limit"}, serve: listDeliveries},
	}
}
