package webhook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheTransportReadsNoProxyFromTheEnvironment(t *testing.T) {
	// Seen from outside it would make no difference on loopback, which
	// http.ProxyFromEnvironment leaves alone.
	assert.Nil(t, newTransport(false, time.Second).Proxy)
	assert.Nil(t, newTransport(true, time.Second).Proxy)
}
