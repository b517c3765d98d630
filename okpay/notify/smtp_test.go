package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

func letter() notify.Mail {
	return notify.Mail{
		ID: "snd_1.token@mail.okpay.example", To: mailbox, Subject: "您的密码已修改", Plain: "第一行\n\nSecond line.\n.\nafter a dot\n", HTML: "<p>第一行</p>\n", Locale: "zh-CN",
	}
}

// parts reads a mail as a recipient's program does.
func parts(t *testing.T, data string) (h mail.Header, plain, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	var bodies []string
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		b, err := io.ReadAll(p)
		require.NoError(t, err)
		bodies = append(bodies, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	require.Len(t, bodies, 2)
	return m.Header, bodies[0], bodies[1]
}

func TestAMailArrivesAtARealServer(t *testing.T) {
	s := serve(t, nil, "127.0.0.1")
	_, err := s.mailer(t).Mail(t.Context(), letter())
	require.NoError(t, err)
	require.Len(t, s.taken(), 1)
	got := s.taken()[0]
	assert.True(t, got.tls, "protected")
	assert.Equal(t, "bounces@okpay.example", got.from)
	assert.Equal(t, mailbox, got.to)
	h, plain, html := parts(t, got.data)
	decode := func(name string) string {
		text, err := new(mime.WordDecoder).DecodeHeader(h.Get(name))
		require.NoError(t, err)
		return text
	}
	assert.Equal(t, "您的密码已修改", decode("Subject"))
	assert.Equal(t, `OKPay 钱包 <no-reply@okpay.example>`, decode("From"))
	assert.Equal(t, "<"+mailbox+">", h.Get("To"))
	assert.Equal(t, "<snd_1.token@mail.okpay.example>", h.Get("Message-Id"))
	assert.Equal(t, "auto-generated", h.Get("Auto-Submitted"))
	assert.Equal(t, "zh-CN", h.Get("Content-Language"))
	assert.Empty(t, h.Get("List-Unsubscribe"), "nobody unsubscribes from what is about their account")
	assert.Empty(t, h.Get("X-Mailer"))
	assert.Empty(t, h.Get("User-Agent"))
	assert.Equal(t, letter().Plain, plain)
	assert.Equal(t, letter().HTML, html)
}

func TestWhatAServerCanDo(t *testing.T) {
	code := func(c int) error {
		return &smtp.SMTPError{Code: c, EnhancedCode: smtp.EnhancedCode{c / 100, 1, 1}, Message: "no " + mailbox}
	}
	for name, c := range map[string]struct {
		server func(*server)
		want   notify.Failure
	}{
		"it greylists":                     {func(s *server) { s.rcpt = func(string) error { return code(451) } }, notify.Failure{Reason: "smtp_451"}},
		"nobody has the mailbox":           {func(s *server) { s.rcpt = func(string) error { return code(550) } }, notify.Failure{Reason: "smtp_550", Permanent: true, Recipient: true}},
		"it does not want the message now": {func(s *server) { s.data = func([]byte) error { return code(452) } }, notify.Failure{Reason: "smtp_452"}},
		"it does not want it ever":         {func(s *server) { s.data = func([]byte) error { return code(554) } }, notify.Failure{Reason: "smtp_554", Permanent: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil, "127.0.0.1")
			c.server(s)
			_, err := s.mailer(t).Mail(t.Context(), letter())
			var f *notify.Failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, c.want, *f)
			assert.NotContains(t, err.Error(), mailbox, "what a server says may name the customer")
		})
	}
}

func TestAConnectionThatIsNotProtectedCarriesNoMail(t *testing.T) {
	for name, c := range map[string]struct {
		names  []string // of the certificate; none for a server without STARTTLS, or from which it was stripped
		change func(*notify.SMTPConfig)
		want   string
	}{
		"STARTTLS is stripped":      {nil, nil, "smtp_no_starttls"},
		"the certificate's name":    {[]string{"mail.example"}, nil, "smtp_certificate"},
		"nobody knows who signed":   {[]string{"127.0.0.1"}, func(c *notify.SMTPConfig) { c.Roots = nil }, "smtp_certificate"},
		"TLS from the start is not": {[]string{"127.0.0.1"}, func(c *notify.SMTPConfig) { c.TLS = notify.ImplicitTLS }, "smtp_connect"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil, c.names...)
			change := c.change
			if change == nil {
				change = func(*notify.SMTPConfig) {}
			}
			_, err := s.mailer(t, change).Mail(t.Context(), letter())
			var f *notify.Failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, notify.Failure{Reason: c.want}, *f, "it waits until the operator has put it right")
			assert.Empty(t, s.taken())
		})
	}
	s := serve(t, nil)
	_, err := s.mailer(t, func(c *notify.SMTPConfig) { c.TLS = notify.NoTLS }).Mail(t.Context(), letter())
	require.NoError(t, err, "on one's own machine it can be done without")
	assert.False(t, s.taken()[0].tls)
}

// scripted is a server that says what it is told to, line by line.
func scripted(t *testing.T, talk func(net.Conn, *bufio.Reader)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talk(c, bufio.NewReader(c))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().(*net.TCPAddr).Port
}

// plainTalk goes as far as the end of a mail's data, and then does what is told.
func plainTalk(atEnd func(net.Conn)) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		_, _ = fmt.Fprint(c, "220 x ESMTP\r\n")
		for data := false; ; {
			line, err := r.ReadString('\n')
			switch {
			case err != nil:
				return
			case data && line == ".\r\n":
				atEnd(c)
				return
			case data:
			case strings.HasPrefix(line, "EHLO"):
				_, _ = fmt.Fprint(c, "250 x\r\n")
			case strings.HasPrefix(line, "DATA"):
				data = true
				_, _ = fmt.Fprint(c, "354 go on\r\n")
			default:
				_, _ = fmt.Fprint(c, "250 ok\r\n")
			}
		}
	}
}

func TestAServerThatHangsOrGoesAway(t *testing.T) {
	mailer := func(port int) notify.Mailer {
		m, err := notify.NewSMTP(notify.SMTPConfig{Host: "127.0.0.1", Port: port, From: "a@okpay.example", TLS: notify.NoTLS, Timeout: 20 * time.Second})
		require.NoError(t, err)
		return m
	}
	t.Run("it goes away after the data: nobody knows whether it has the mail", func(t *testing.T) {
		port := scripted(t, plainTalk(func(net.Conn) {}))
		_, err := mailer(port).Mail(t.Context(), letter())
		var f *notify.Failure
		require.ErrorAs(t, err, &f)
		assert.Equal(t, notify.Failure{Reason: "smtp_lost"}, *f, "so it is sent again under its Message-ID")
	})
	t.Run("it goes away once it has the mail", func(t *testing.T) {
		port := scripted(t, plainTalk(func(c net.Conn) { _, _ = fmt.Fprint(c, "250 2.0.0 Ok: queued as 4AbC12\r\n") }))
		got, err := mailer(port).Mail(t.Context(), letter())
		require.NoError(t, err, "saying goodbye does not matter")
		assert.Equal(t, "4AbC12", got.ID)
	})
	for name, talk := range map[string]func(net.Conn, *bufio.Reader){
		"it says nothing at all":       func(c net.Conn, r *bufio.Reader) { _, _ = r.ReadString('\n') },
		"it says nothing to the data":  plainTalk(func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }),
		"it greets and says no more":   func(c net.Conn, r *bufio.Reader) { _, _ = fmt.Fprint(c, "220 x\r\n"); _, _ = io.Copy(io.Discard, r) },
		"it answers without an end":    func(c net.Conn, r *bufio.Reader) { _, _ = fmt.Fprint(c, "220-x\r\n"); _, _ = io.Copy(io.Discard, r) },
		"it answers with nonsense":     func(c net.Conn, r *bufio.Reader) { _, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n") },
		"it hangs up without greeting": func(net.Conn, *bufio.Reader) {},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer stop()
			began := time.Now()
			_, err := mailer(scripted(t, talk)).Mail(ctx, letter())
			var f *notify.Failure
			require.ErrorAs(t, err, &f)
			assert.False(t, f.Permanent)
			assert.Less(t, time.Since(began), 10*time.Second, "the context bounds it")
		})
	}
}

func TestNoHeaderCanBeInjected(t *testing.T) {
	s := serve(t, nil, "127.0.0.1")
	m := s.mailer(t)
	for name, change := range map[string]func(*notify.Mail){
		"subject":    func(l *notify.Mail) { l.Subject = "x\r\nBcc: evil@example.com" },
		"subject LF": func(l *notify.Mail) { l.Subject = "x\nBcc: evil@example.com" },
		"id":         func(l *notify.Mail) { l.ID = "x>\r\nBcc: evil@example.com" },
		"brackets":   func(l *notify.Mail) { l.ID = "x> <y" },
		"locale":     func(l *notify.Mail) { l.Locale = "en\r\nBcc: evil@example.com" },
		"recipient":  func(l *notify.Mail) { l.To = "a@example.com\r\nBcc: evil@example.com" },
		"recipients": func(l *notify.Mail) { l.To = "a@example.com, evil@example.com" },
		"a name":     func(l *notify.Mail) { l.To = "Evil <evil@example.com>" },
		"command":    func(l *notify.Mail) { l.To = "a@example.com>\r\nRCPT TO:<evil@example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			l := letter()
			change(&l)
			_, err := m.Mail(t.Context(), l)
			var f *notify.Failure
			require.ErrorAs(t, err, &f)
			assert.True(t, f.Permanent)
			assert.NotContains(t, err.Error(), "evil")
		})
	}
	assert.Empty(t, s.taken())
	for name, cfg := range map[string]notify.SMTPConfig{
		"name":    {Host: "x", From: "a@b.example", FromName: "x\r\nBcc: evil@example.com"},
		"from":    {Host: "x", From: "a@b.example\r\nBcc: evil@example.com"},
		"bounces": {Host: "x", From: "a@b.example", Bounces: "x"},
		"host":    {Host: "x\r\n", From: "a@b.example"},
		"no host": {From: "a@b.example"},
		"tls":     {Host: "x", From: "a@b.example", TLS: 9},
		"clear":   {Host: "x", From: "a@b.example", TLS: notify.NoTLS, Username: "u", Password: "p"},
		"port":    {Host: "x", From: "a@b.example", Port: 70000},
	} {
		_, err := notify.NewSMTP(cfg)
		require.ErrorIs(t, err, okpay.InvalidRequest, name)
	}
}

func TestAPasswordOfAServerIsNeverPrinted(t *testing.T) {
	cfg := notify.SMTPConfig{Host: "mail.example", Port: 587, From: "a@b.example", Username: "u", Password: "canary-password"}
	m, err := notify.NewSMTP(cfg)
	require.NoError(t, err)
	text := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", cfg, cfg, cfg, cfg, m, m, m)
	b, err := json.Marshal(cfg)
	require.NoError(t, err)
	assert.NotContains(t, text+string(b), "canary-password")
}

func TestAMessageGoesFromTheWalletToARealServer(t *testing.T) {
	s := serve(t, nil, "127.0.0.1")
	refusals := 2
	s.rcpt = func(string) error {
		if refusals--; refusals >= 0 {
			return &smtp.SMTPError{Code: 451, Message: "later"}
		}
		return nil
	}
	w := start(t, func(c *notify.Config) {
		c.Mailer = s.mailer(t)
		c.Phrase = func(context.Context, okpay.CustomerID) (string, error) { return "绿茶 green tea", nil }
	})
	w.customer(alice, "zh-CN", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "new_sign_in", Facts: map[string]string{
		"device": "<script>alert(1)</script>\r\n.\r\nRCPT TO:<evil@example.com>", "place": "Shanghai", "at": "2026-01-01T00:00:00Z",
	}})
	for range 3 {
		w.work()
		w.clock.Advance(time.Minute)
	}
	require.Len(t, s.taken(), 1, "twice later, then taken")
	got := s.taken()[0]
	assert.Equal(t, mailbox, got.to)
	_, plain, html := parts(t, got.data)
	assert.Contains(t, plain, "绿茶 green tea")
	assert.Contains(t, plain, "2026年1月1日 00:00(UTC)")
	assert.NotContains(t, html, "<script>")
	assert.Contains(t, html, "&lt;script&gt;")
	assert.Equal(t, notify.SendSent, w.sends(id)[0].State)
	assert.Equal(t, 3, w.sends(id)[0].Attempts)
}

func TestAMailerSignsInAtItsServer(t *testing.T) {
	s := serve(t, nil, "127.0.0.1")
	as := func(password string) func(*notify.SMTPConfig) {
		return func(c *notify.SMTPConfig) { c.Username, c.Password = "wallet", password }
	}
	_, err := s.mailer(t, as("wrong")).Mail(t.Context(), letter())
	var f *notify.Failure
	require.ErrorAs(t, err, &f)
	assert.Equal(t, notify.Failure{Reason: "smtp_auth"}, *f, "mails wait until the operator has put it right")
	assert.Empty(t, s.taken())
	_, err = s.mailer(t, as("right")).Mail(t.Context(), letter())
	require.NoError(t, err)
	require.Len(t, s.taken(), 1)
	assert.True(t, s.taken()[0].signedIn)
	assert.True(t, s.taken()[0].tls)
}

func TestAWrongSenderIsSaidToBeTheWrongField(t *testing.T) {
	for range 20 { // in no order of a map
		_, err := notify.NewSMTP(notify.SMTPConfig{Host: "127.0.0.1", From: "x"})
		var wrong *okpay.Error
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, "from", wrong.Field)
	}
}
