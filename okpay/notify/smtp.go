package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/okpay/okpay-go/okpay"
)

// SMTPConfig says which server takes the wallet's e-mails.
type SMTPConfig struct {
	Host string
	Port int // defaults to 587

	// Username and Password sign in, if they are set: never without TLS.
	Username string
	Password string `json:"-"`

	From     string // the sender's address
	FromName string // what stands before it; at most 100 bytes
	// Bounces is where what comes back is sent. Defaults to From.
	Bounces string

	// TLS is how the connection is protected. Defaults to STARTTLS.
	TLS TLSMode
	// Roots are whom certificates are checked against. Defaults to the system's.
	Roots *x509.CertPool
	// Timeout bounds connecting and each step of the conversation. Defaults to 20 s.
	Timeout time.Duration
	// Helo is how this host names itself. Defaults to the host part of From.
	Helo string
}

// TLSMode is how a connection is protected.
type TLSMode int

const (
	// STARTTLS begins in the clear and refuses to go on without TLS.
	STARTTLS TLSMode = iota
	// ImplicitTLS begins with TLS, as on port 465.
	ImplicitTLS
	// NoTLS sends in the clear, and never a password: for a server on this very machine.
	NoTLS
)

// String names a configuration without its password.
func (c SMTPConfig) String() string { return fmt.Sprintf("SMTP(%s:%d)", c.Host, c.Port) }

// GoString is String.
func (c SMTPConfig) GoString() string { return c.String() }

// Format prints the name, whatever the verb.
func (c SMTPConfig) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// smtpMailer is a Mailer over SMTP, a connection for each message.
type smtpMailer struct {
	cfg      SMTPConfig    // without the password
	password func() string // so that nothing prints it
}

// NewSMTP returns a Mailer that gives e-mails to an SMTP server. Errors: InvalidRequest for a
// wrong configuration.
func NewSMTP(cfg SMTPConfig) (Mailer, error) {
	cfg.Port = cmp.Or(cfg.Port, 587)
	cfg.Timeout = cmp.Or(cfg.Timeout, 20*time.Second)
	cfg.Bounces = cmp.Or(cfg.Bounces, cfg.From)
	for _, f := range [][2]string{{"from", cfg.From}, {"bounces", cfg.Bounces}} {
		a, err := mail.ParseAddress(f[1])
		if err != nil || a.Address != f[1] {
			return nil, okpay.InvalidField(f[0], "is not an e-mail address")
		}
	}
	_, host, _ := strings.Cut(cfg.From, "@")
	cfg.Helo = cmp.Or(cfg.Helo, host)
	if err := okpay.CheckText("from_name", cfg.FromName, 100); err != nil {
		return nil, err
	}
	switch {
	case cfg.Host == "" || strings.ContainsAny(cfg.Host, " \r\n"):
		return nil, okpay.InvalidField("host", "is missing or is none")
	case cfg.TLS < STARTTLS || cfg.TLS > NoTLS:
		return nil, okpay.InvalidField("tls", "is not one of the constants")
	case cfg.TLS == NoTLS && cfg.Username != "":
		return nil, okpay.InvalidField("tls", "is off, and a password would be sent in the clear")
	}
	password := cfg.Password
	cfg.Password = ""
	m := &smtpMailer{cfg, func() string { return password }}
	if _, err := m.client((&net.Dialer{}).DialContext); err != nil {
		return nil, okpay.InvalidField("host", "can not be used with this port, timeout or name")
	}
	return m, nil
}

// client makes a client whose connections dial makes.
func (s *smtpMailer) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.cfg.Port), gomail.WithTimeout(s.cfg.Timeout), gomail.WithHELO(s.cfg.Helo), gomail.WithoutNoop(),
		gomail.WithTLSConfig(s.tls()), gomail.WithDialContextFunc(dial),
	}
	switch s.cfg.TLS {
	case STARTTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.cfg.Username != "" {
		options = append(
			options, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
			gomail.WithUsername(s.cfg.Username), gomail.WithPassword(s.password()),
		)
	}
	return gomail.NewClient(s.cfg.Host, options...)
}

func (s *smtpMailer) tls() *tls.Config {
	return &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12}
}

// Mail sends one. Errors: *Failure, whose reason is smtp_ and the server's code where there is one.
func (s *smtpMailer) Mail(ctx context.Context, m Mail) (Receipt, error) {
	msg, err := s.message(m)
	if err != nil {
		return Receipt{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop() // closes the connection, whatever became of the conversation
	client, err := s.client(func(dialing context.Context, network, address string) (conn net.Conn, err error) {
		if s.cfg.TLS == ImplicitTLS {
			conn, err = (&tls.Dialer{Config: s.tls()}).DialContext(dialing, network, address)
		} else {
			conn, err = (&net.Dialer{}).DialContext(dialing, network, address)
		}
		if err == nil {
			// The conversation ends with the context, whatever the server does.
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	})
	if err != nil {
		return Receipt{}, &Failure{Reason: "smtp_config"}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return Receipt{}, &Failure{Reason: dialReason(err)}
	}
	err = client.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() {
		// The server has it. What goes wrong in saying goodbye does not matter.
		_ = client.CloseWithSMTPClient(conn)
		return Receipt{ID: queueID(msg.ServerResponse())}, nil
	}
	if err == nil {
		return Receipt{}, &Failure{Reason: "smtp_unknown"}
	}
	return Receipt{}, sendFailure(err)
}

// message writes the mail. Every header is checked here as well, whatever was checked before: none
// of them can have a second line.
func (s *smtpMailer) message(m Mail) (*gomail.Msg, error) {
	malformed := &Failure{Reason: "malformed", Permanent: true}
	for _, line := range []string{m.ID, m.To, m.Subject, m.Locale} {
		if okpay.CheckText("mail", line, 1000) != nil {
			return nil, malformed
		}
	}
	if strings.ContainsAny(m.ID, "<> ") {
		return nil, malformed
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	a, err := mail.ParseAddress(m.To)
	if err != nil || a.Address != m.To {
		return nil, &Failure{Reason: "malformed_address", Permanent: true, Recipient: true}
	}
	if errors.Join(msg.EnvelopeFrom(s.cfg.Bounces), msg.FromFormat(s.cfg.FromName, s.cfg.From), msg.To(m.To)) != nil {
		return nil, malformed
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation answers
	msg.SetGenHeader("Content-Language", m.Locale)
	msg.SetBodyString(gomail.TypeTextPlain, m.Plain)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// sendFailure says why a server did not take a mail. Its words may name the recipient, so only its
// code is kept.
func sendFailure(err error) *Failure {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return &Failure{Reason: "smtp_lost"}
	}
	code := e.ErrorCode()
	if code < 400 || code > 599 {
		return &Failure{Reason: "smtp_lost"}
	}
	f := &Failure{Reason: fmt.Sprintf("smtp_%d", code), Permanent: code >= 500}
	f.Recipient = f.Permanent && e.Reason == gomail.ErrSMTPRcptTo
	return f
}

// dialReason is a code for what went wrong before a mail was offered. All of it may pass: a wrong
// certificate or password is a matter for the operator, and mails wait for it.
func dialReason(err error) string {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify):
		return "smtp_certificate"
	case strings.Contains(err.Error(), "STARTTLS"):
		return "smtp_no_starttls"
	case strings.Contains(strings.ToLower(err.Error()), "auth"):
		return "smtp_auth"
	}
	return "smtp_connect"
}

// queueID is what a server says that it calls a mail, as in "2.0.0 Ok: queued as 4ABC". It is a
// help for operators who read the server's log.
func queueID(response string) string {
	fields := strings.Fields(response)
	for i, f := range fields {
		if strings.EqualFold(f, "as") && i > 0 && strings.EqualFold(fields[i-1], "queued") && i+1 < len(fields) {
			return strings.Trim(fields[i+1], "<>.;,")
		}
	}
	return ""
}
