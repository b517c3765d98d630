package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	liberrors "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/stretchr/testify/require"
)

// contract is the OpenAPI document, ready to hold exchanges against. It is strict: members
// and headers that the document does not speak of are mistakes.
type contract struct {
	model     *v3.Document
	validator validator.Validator
	schemas   schema_validation.SchemaValidator
}

// theContract is read once for all tests: that takes a while.
var theContract = sync.OnceValues(func() (*contract, error) {
	// A description beside a $ref is merged into what is referred to. (Made into an allOf, which
	// is the default, strict mode would not find what is declared.)
	reading := datamodel.NewDocumentConfiguration()
	reading.TransformSiblingRefs = false
	document, err := libopenapi.NewDocumentWithConfiguration(OpenAPI(), reading)
	if err != nil {
		return nil, err
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	options := []config.Option{
		config.WithFormatAssertions(),
		config.WithStrictMode(),
		config.WithStrictIgnorePaths("$.body.metadata.*", "$.body.**.metadata.*"),
		config.WithStrictIgnoredHeadersExtra("X-Content-Type-Options"),
		config.WithRejectUndeclaredRequestBody(),
	}
	v := validator.NewValidatorFromV3Model(&model.Model, options...)
	v.SetDocument(document)
	return &contract{&model.Model, v, schema_validation.NewSchemaValidator(options...)}, nil
})

func loadContract(t testing.TB) *contract {
	t.Helper()
	c, err := theContract()
	require.NoError(t, err)
	return c
}

// errorsOf makes one text of what the validator found.
func errorsOf(found []*liberrors.ValidationError) error {
	if len(found) == 0 {
		return nil
	}
	var b strings.Builder
	for _, e := range found {
		fmt.Fprintf(&b, "%s: %s", e.Message, e.Reason)
		for _, s := range e.SchemaValidationErrors {
			fmt.Fprintf(&b, "\n\t%s: %s", s.KeywordLocation, s.Reason)
		}
		b.WriteByte('\n')
	}
	return fmt.Errorf("%s", strings.TrimSpace(b.String()))
}

// schema checks a value of JSON against a schema of the document.
func (c *contract) schema(name string, value []byte) error {
	proxy, ok := c.model.Components.Schemas.Get(name)
	if !ok {
		return fmt.Errorf("the document has no schema %s", name)
	}
	_, found := c.schemas.ValidateSchemaBytes(proxy.Schema(), value)
	return errorsOf(found)
}

// request checks a request. It may be read again afterwards.
func (c *contract) request(req *http.Request) error {
	_, found := c.validator.ValidateHttpRequestSync(req)
	return errorsOf(found)
}

// response checks the response to a request. A response to a path or method that the
// document does not have must be a problem that says so.
func (c *contract) response(req *http.Request, res *http.Response, body []byte) error {
	res.Body = io.NopCloser(bytes.NewReader(body))
	defer func() { res.Body = io.NopCloser(bytes.NewReader(body)) }()
	if id := res.Header.Get("Request-Id"); id == "" {
		return fmt.Errorf("the response has no Request-Id")
	}
	if res.StatusCode >= 400 {
		var p problem
		if err := json.Unmarshal(body, &p); err != nil {
			return fmt.Errorf("a status of %d without a problem: %w", res.StatusCode, err)
		}
		switch {
		case p.RequestID != res.Header.Get("Request-Id"):
			return fmt.Errorf("the problem has the request id %q, the response %q", p.RequestID, res.Header.Get("Request-Id"))
		case p.Status != res.StatusCode:
			return fmt.Errorf("the problem has the status %d, the response %d", p.Status, res.StatusCode)
		case p.Type != "urn:okpay:error:"+string(p.Code):
			return fmt.Errorf("the problem has the code %s and the type %s", p.Code, p.Type)
		}
	}
	if c.knows(req) {
		_, found := c.validator.ValidateHttpResponse(req, res)
		return errorsOf(found)
	}
	if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed {
		return fmt.Errorf("%s %s is answered with %d and is not in the document", req.Method, req.URL.Path, res.StatusCode)
	}
	if (res.StatusCode == http.StatusMethodNotAllowed) != (res.Header.Get("Allow") != "") {
		return fmt.Errorf("a status of %d with Allow: %q", res.StatusCode, res.Header.Get("Allow"))
	}
	return c.schema("Problem", body)
}

// knows reports whether the document has the request's path and method.
func (c *contract) knows(req *http.Request) bool {
	for p, item := range c.model.Paths.PathItems.FromOldest() {
		want, got := strings.Split(p, "/"), strings.Split(req.URL.EscapedPath(), "/")
		same := len(want) == len(got)
		for i := 0; same && i < len(want); i++ {
			same = want[i] == got[i] || strings.HasPrefix(want[i], "{") && got[i] != ""
		}
		if same {
			_, ok := item.GetOperations().Get(strings.ToLower(req.Method))
			return ok
		}
	}
	return false
}

// badOnPurpose marks requests that the document does not allow.
type badOnPurpose struct{}

// onPurpose marks a request as bad on purpose: it is sent without being checked, and its
// response is checked all the same.
func onPurpose(req *http.Request) *http.Request {
	return req.WithContext(context.WithValue(req.Context(), badOnPurpose{}, true))
}

// checked is a RoundTripper that holds every exchange against the contract. What it finds goes to
// report.
type checked struct {
	contract *contract
	report   func(error)
}

func (c *checked) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	again := func() *http.Request {
		clone := req.Clone(req.Context())
		clone.Body = http.NoBody
		if len(sent) > 0 {
			clone.Body = io.NopCloser(bytes.NewReader(sent))
		}
		return clone
	}
	if req.Context().Value(badOnPurpose{}) == nil {
		if err := c.contract.request(again()); err != nil {
			c.report(fmt.Errorf("request %s %s: %w\n%s", req.Method, req.URL.Path, err, sent))
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if req.Method == http.MethodHead {
		res.Body = http.NoBody
		return res, nil
	}
	if err := c.contract.response(again(), res, body); err != nil {
		c.report(fmt.Errorf("response to %s %s: %w\n%d %s", req.Method, req.URL.Path, err, res.StatusCode, body))
	}
	return res, nil
}
