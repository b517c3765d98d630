package notify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strings"
)

const (
	maxDSN      = 1 << 20 // bytes
	maxDSNParts = 10
	maxDSNGroup = 20 // recipients
)

// ErrNotDSN reports what is no notification of delivery, or one that can not be read.
var ErrNotDSN = errors.New("notify: not a delivery status notification")

// ParseDSN reads a notification of delivery (RFC 3464) as it arrives at the address to which what
// comes back is sent: at most 1 MiB, 10 parts and 20 recipients. Of several recipients one whose
// delivery failed counts; the wallet's mails have one each. Nothing of what it says in words is
// kept. Errors: ErrNotDSN, those of r.
func ParseDSN(r io.Reader) (Report, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxDSN+1))
	if err != nil {
		return Report{}, err
	}
	if len(b) > maxDSN {
		return Report{}, ErrNotDSN
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return Report{}, ErrNotDSN
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") || params["boundary"] == "" {
		return Report{}, ErrNotDSN
	}
	report := Report{Medium: ByEmail}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range maxDSNParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Report{}, ErrNotDSN
		}
		body, err := partBody(p)
		if err != nil {
			return Report{}, ErrNotDSN
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			report.status(body)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if report.MessageID == "" {
				report.MessageID = strings.TrimSpace(fields(bufio.NewReader(bytes.NewReader(body))).Get("Message-Id"))
			}
		}
	}
	if report.Outcome == "" || report.MessageID == "" || len(report.MessageID) > 300 {
		return Report{}, ErrNotDSN
	}
	return report, nil
}

// partBody reads a part. Quoted-printable is decoded by the reader of parts already.
func partBody(p *multipart.Part) ([]byte, error) {
	var r io.Reader = p
	if strings.EqualFold(strings.TrimSpace(p.Header.Get("Content-Transfer-Encoding")), "base64") {
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	return io.ReadAll(io.LimitReader(r, maxDSN))
}

// fields reads one group of fields, what can be read of them.
func fields(r *bufio.Reader) textproto.MIMEHeader {
	h, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return textproto.MIMEHeader{}
	}
	return h
}

// status reads the groups of fields: the first is of the notification, each other of a recipient.
func (r *Report) status(body []byte) {
	in := bufio.NewReader(bytes.NewReader(body))
	fields(in)
	for range maxDSNGroup {
		h := fields(in)
		if len(h) == 0 {
			return
		}
		outcome := map[string]Outcome{
			"failed": Bounced, "delayed": Delayed, "delivered": Delivered, "expanded": Delivered, "relayed": Delayed,
		}[strings.ToLower(strings.TrimSpace(h.Get("Action")))]
		if outcome == "" || r.Outcome == Bounced || r.Outcome != "" && outcome != Bounced {
			continue
		}
		code, _, _ := strings.Cut(strings.TrimSpace(h.Get("Status")), " ")
		r.Outcome, r.Reason = outcome, statusReason(code)
	}
}

// statusReason makes a code of a status such as 5.1.1.
func statusReason(status string) string {
	parts := strings.Split(status, ".")
	if len(parts) != 3 {
		return "bounced"
	}
	for _, p := range parts {
		if p == "" || len(p) > 3 || !digits(p) {
			return "bounced"
		}
	}
	return "status_" + strings.Join(parts, "_")
}

// TakeDSN takes a notification of delivery, see ParseDSN and Take. Errors: ErrNotDSN, those of
// Take.
func (n *Notify) TakeDSN(ctx context.Context, r io.Reader) error {
	report, err := ParseDSN(r)
	if err != nil {
		return err
	}
	return n.Take(ctx, report)
}
