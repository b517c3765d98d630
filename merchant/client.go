package merchant

import "net/http"

// Client speaks to the service for one merchant. It may be used from several goroutines at
// once. It keeps connections open for a while; [Client.Close] ends them.
type Client struct {
	Merchant         *MerchantService
	Payments         *PaymentService
	Refunds          *RefundService
	Balances         *BalanceService
	PaymentShares    *PaymentShareService
	Statement        *StatementService
	Settlement       *SettlementService
	Activity         *ActivityService
	Disputes         *DisputeService
	Payouts          *PayoutService
	Destinations     *DestinationService
	WebhookEndpoints *EndpointService

	config    Config // without the key
	transport http.RoundTripper
	own       *http.Transport // the transport, if the client made it

	// The key stands in these functions and nowhere else: whatever prints or compares a
	// Client by reflection sees two addresses.
	authorize func(http.Header)     // adds the key to a request
	redact    func(b []byte) []byte // takes the key out of an answer that echoes it
}

// New returns a client. It connects to nothing yet. Errors: ErrInvalidConfig.
func New(config Config) (*Client, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	c := &Client{transport: config.Transport}
	c.authorize, c.redact = hide(config.APIKey)
	config.APIKey, config.Transport = APIKey{}, nil
	c.config = config
	if c.transport == nil {
		c.own = newTransport(config.Timeout)
		c.transport = c.own
	}
	c.Merchant = &MerchantService{c}
	c.Payments = &PaymentService{c}
	c.Refunds = &RefundService{c}
	c.Balances = &BalanceService{c}
	c.PaymentShares = &PaymentShareService{c}
	c.Statement = &StatementService{c}
	c.Settlement = &SettlementService{c}
	c.Activity = &ActivityService{c}
	c.Disputes = &DisputeService{c}
	c.Payouts = &PayoutService{c}
	c.Destinations = &DestinationService{c}
	c.WebhookEndpoints = &EndpointService{c}
	return c, nil
}

// Close ends the connections that nobody uses. Calls under way go on, and a later call opens
// a connection again. A transport from [Config] is left alone.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}
