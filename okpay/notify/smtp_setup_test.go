package notify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/notify"
)

// server is an SMTP server on loopback.
type server struct {
	*smtp.Server
	port  int
	roots *x509.CertPool

	mu       sync.Mutex
	mails    []received
	rcpt     func(to string) error
	data     func(mail []byte) error
	sessions int
}

// received is a mail that the server took.
type received struct {
	from, to, data string
	tls, signedIn  bool
}

// serve starts one with a certificate for names.
func serve(t *testing.T, change func(*smtp.Server), names ...string) *server {
	t.Helper()
	s := &server{}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		return &session{s: s, conn: c}, nil
	}))
	s.Domain, s.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	if len(names) > 0 {
		var cert tls.Certificate
		cert, s.roots = certificate(t, names...)
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	if change != nil {
		change(s.Server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.port = l.Addr().(*net.TCPAddr).Port
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close() // Close does not know it before Serve has begun
		_ = s.Close()
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func (s *server) taken() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

// certificate makes a certificate that its own pool trusts.
func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: names, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// session is one conversation.
type session struct {
	s        *server
	conn     *smtp.Conn
	r        received
	signedIn bool
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.r = received{from: from}
	_, x.r.tls = x.conn.TLSConnectionState()
	x.r.signedIn = x.signedIn
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.r.to = to
	if x.s.rcpt != nil {
		return x.s.rcpt(to)
	}
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.r.data = string(b)
	x.s.mu.Lock()
	x.s.mails = append(x.s.mails, x.r)
	x.s.mu.Unlock()
	if x.s.data != nil {
		return x.s.data(b)
	}
	return nil
}

// AuthMechanisms and Auth are asked by the server alone; without a password nobody has to sign in.
func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "wallet" || password != "right" {
			return smtp.ErrAuthFailed
		}
		x.signedIn = true
		return nil
	}), nil
}

func (x *session) Reset() {}

func (x *session) Logout() error { return nil }

// mailer returns a Mailer for the server.
func (s *server) mailer(t *testing.T, change ...func(*notify.SMTPConfig)) notify.Mailer {
	t.Helper()
	cfg := notify.SMTPConfig{
		Host: "127.0.0.1", Port: s.port, From: "no-reply@okpay.example", FromName: "OKPay 钱包", Roots: s.roots, Timeout: 3 * time.Second,
		Bounces: "bounces@okpay.example",
	}
	for _, c := range change {
		c(&cfg)
	}
	m, err := notify.NewSMTP(cfg)
	require.NoError(t, err)
	return m
}
