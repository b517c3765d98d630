package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strings"
)

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3.1 document of the API, in YAML. The bytes are the
// caller's.
func OpenAPI() []byte { return bytes.Clone(openAPI) }

// document is the OpenAPI document as it is served.
type document struct {
	body []byte
	etag string
}

func newDocument() *document {
	sum := sha256.Sum256(openAPI)
	return &document{body: openAPI, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// file is a reply that is not JSON.
type file struct {
	contentType, etag string
	body              []byte
}

func (d *document) get(_ context.Context, c *call) (reply, error) {
	f := file{contentType: "application/yaml", etag: d.etag, body: d.body}
	for _, header := range c.request.Header.Values("If-None-Match") {
		for tag := range strings.SplitSeq(header, ",") {
			// RFC 9110, 13.1.2: compared weakly, and * is any.
			if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == d.etag || tag == "*" {
				return reply{status: http.StatusNotModified, body: file{etag: d.etag}}, nil
			}
		}
	}
	return reply{status: http.StatusOK, body: f}, nil
}

func (f file) write(x *exchange, status int) {
	x.Header().Set("ETag", f.etag)
	x.Header().Set("Cache-Control", "no-cache") // keep it, and ask whether it is still the same
	if f.body == nil {
		x.WriteHeader(status)
		return
	}
	x.writeBytes(status, f.contentType, f.body)
}
