package merchant

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

// operations lists what the client sends and reads, to be held against the document of the
// service.
var operations = []struct {
	name    string // method and path
	query   []string
	request any    // nil for no body
	status  string // of success
	answer  any    // nil for none
	list    bool   // the answer is a list of them
	cursor  bool   // that has further pages
	csv     bool   // the answer is a file
	decode  func([]byte) error
}{
	{name: "GET /v1/merchant", status: "200", answer: Merchant{}, decode: reading(decodeMerchant)},
	{name: "GET /v1/balances", status: "200", answer: Balance{}, list: true, decode: reading(pageOf(decodeBalance))},
	{name: "GET /v1/debts", status: "200", answer: Debt{}, list: true, decode: reading(pageOf(decodeDebt))},
	{name: "GET /v1/statement", query: []string{"currency", "order", "from", "until", "kinds", "cursor", "limit"}, status: "200", answer: StatementLine{}, list: true, cursor: true, decode: reading(pageOf(decodeStatementLine))},
	{name: "GET /v1/statement.csv", query: []string{"currency", "order", "from", "until", "kinds"}, status: "200", csv: true},
	{name: "GET /v1/settlement", query: []string{"currency", "date"}, status: "200", answer: Settlement{}, decode: reading(decodeSettlement)},
	{name: "GET /v1/settlement.csv", query: []string{"currency", "date"}, status: "200", csv: true},
	{name: "GET /v1/activity", query: []string{"kinds", "cursor", "limit"}, status: "200", answer: Activity{}, list: true, cursor: true, decode: reading(pageOf(decodeActivity))},
	{name: "POST /v1/payments", request: createPaymentBody{}, status: "201", answer: Payment{}, decode: reading(decodePayment)},
	{name: "GET /v1/payments", query: []string{"state", "cursor", "limit"}, status: "200", answer: Payment{}, list: true, cursor: true, decode: reading(pageOf(decodePayment))},
	{name: "GET /v1/payments/{id}", status: "200", answer: Payment{}, decode: reading(decodePayment)},
	{name: "POST /v1/payments/{id}/capture", request: captureBody{}, status: "200", answer: Payment{}, decode: reading(decodePayment)},
	{name: "POST /v1/payments/{id}/cancel", request: struct{}{}, status: "200", answer: Payment{}, decode: reading(decodePayment)},
	{name: "POST /v1/payments/{id}/refunds", request: createRefundBody{}, status: "201", answer: Refund{}, decode: reading(decodeRefund)},
	{name: "GET /v1/payments/{id}/refunds", query: []string{"cursor", "limit"}, status: "200", answer: Refund{}, list: true, cursor: true, decode: reading(pageOf(decodeRefund))},
	{name: "GET /v1/payment_shares", query: []string{"cursor", "limit"}, status: "200", answer: PaymentShare{}, list: true, cursor: true, decode: reading(pageOf(decodePaymentShare))},
	{name: "GET /v1/payment_shares/{id}", status: "200", answer: PaymentShare{}, decode: reading(decodePaymentShare)},
	{name: "GET /v1/refunds", query: []string{"cursor", "limit"}, status: "200", answer: Refund{}, list: true, cursor: true, decode: reading(pageOf(decodeRefund))},
	{name: "GET /v1/refunds/{id}", status: "200", answer: Refund{}, decode: reading(decodeRefund)},
	{name: "POST /v1/refunds/{id}/cancel", request: struct{}{}, status: "200", answer: Refund{}, decode: reading(decodeRefund)},
	{name: "GET /v1/disputes", query: []string{"cursor", "limit"}, status: "200", answer: Dispute{}, list: true, cursor: true, decode: reading(pageOf(decodeDispute))},
	{name: "GET /v1/disputes/{id}", status: "200", answer: Dispute{}, decode: reading(decodeDispute)},
	{name: "POST /v1/disputes/{id}/evidence", request: addEvidenceBody{}, status: "200", answer: Dispute{}, decode: reading(decodeDispute)},
	{name: "GET /v1/payout_conditions", query: []string{"currency"}, status: "200", answer: PayoutConditions{}, decode: reading(decodePayoutConditions)},
	{name: "POST /v1/payouts", request: createPayoutBody{}, status: "201", answer: Payout{}, decode: reading(decodePayout)},
	{name: "GET /v1/payouts", query: []string{"cursor", "limit"}, status: "200", answer: Payout{}, list: true, cursor: true, decode: reading(pageOf(decodePayout))},
	{name: "GET /v1/payouts/{id}", status: "200", answer: Payout{}, decode: reading(decodePayout)},
	{name: "POST /v1/payouts/{id}/cancel", request: struct{}{}, status: "200", answer: Payout{}, decode: reading(decodePayout)},
	{name: "POST /v1/payout_schedules", request: setScheduleBody{}, status: "200", answer: PayoutSchedule{}, decode: reading(decodePayoutSchedule)},
	{name: "GET /v1/payout_schedules/{currency}", status: "200", answer: PayoutSchedule{}, decode: reading(decodePayoutSchedule)},
	{name: "POST /v1/payout_schedules/{currency}/remove", request: struct{}{}, status: "200", answer: PayoutSchedule{}, decode: reading(decodePayoutSchedule)},
	{name: "POST /v1/destinations", request: createDestinationBody{}, status: "201", answer: Destination{}, decode: reading(decodeDestination)},
	{name: "GET /v1/destinations", query: []string{"cursor", "limit"}, status: "200", answer: Destination{}, list: true, cursor: true, decode: reading(pageOf(decodeDestination))},
	{name: "GET /v1/destinations/{id}", status: "200", answer: Destination{}, decode: reading(decodeDestination)},
	{name: "POST /v1/destinations/{id}/remove", request: struct{}{}, status: "200", answer: Destination{}, decode: reading(decodeDestination)},
	{name: "POST /v1/webhook_endpoints", request: createEndpointBody{}, status: "201", answer: createdEndpoint{}, decode: reading(decodeNewEndpoint)},
	{name: "GET /v1/webhook_endpoints", status: "200", answer: Endpoint{}, list: true, decode: reading(pageOf(decodeEndpoint))},
	{name: "GET /v1/webhook_endpoints/{id}", status: "200", answer: Endpoint{}, decode: reading(decodeEndpoint)},
	{name: "DELETE /v1/webhook_endpoints/{id}", status: "204"},
	{name: "GET /v1/webhook_endpoints/{id}/deliveries", query: []string{"limit"}, status: "200", answer: Delivery{}, list: true, decode: reading(pageOf(decodeDelivery))},
}

func reading[T any](decode decodeFunc[T]) func([]byte) error {
	return func(data []byte) error {
		_, err := decode(data, money.ISO())
		return err
	}
}

func document(t *testing.T) v3.Document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "okpay", "httpapi", "openapi.yaml"))
	require.NoError(t, err)
	config := datamodel.NewDocumentConfiguration()
	config.TransformSiblingRefs = false // a description beside a $ref is merged into what is referred to
	d, err := libopenapi.NewDocumentWithConfiguration(text, config)
	require.NoError(t, err)
	model, err := d.BuildV3Model()
	require.NoError(t, err)
	return model.Model
}

func TestTheClientSpeaksTheServicesDocument(t *testing.T) {
	d := document(t)
	described := map[string]*v3.Operation{}
	for path, item := range d.Paths.PathItems.FromOldest() {
		for method, operation := range item.GetOperations().FromOldest() {
			described[strings.ToUpper(method)+" "+path] = operation
		}
	}
	delete(described, "GET /v1/openapi.yaml") // for people and their tools
	h := newHolder(t)
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			h.T = t
			operation, ok := described[op.name]
			require.True(t, ok, "the document has no such operation")
			delete(described, op.name)

			var query []string
			for _, p := range operation.Parameters {
				if p.In == "query" {
					query = append(query, p.Name)
				}
			}
			assert.ElementsMatch(t, query, op.query, "query parameters")

			if op.request == nil {
				assert.Nil(t, operation.RequestBody)
			} else {
				media, ok := operation.RequestBody.Content.Get("application/json")
				require.True(t, ok)
				h.object("request", media.Schema, reflect.TypeOf(op.request))
			}

			response, ok := operation.Responses.Codes.Get(op.status)
			require.True(t, ok, "no answer with status %s", op.status)
			if op.csv {
				_, ok := response.Content.Get(typeCSV)
				assert.True(t, ok)
				return
			}
			if op.answer == nil {
				assert.True(t, response.Content == nil || response.Content.Len() == 0)
				return
			}
			media, ok := response.Content.Get("application/json")
			require.True(t, ok)
			schema := media.Schema
			if op.list {
				properties, required := members(schema)
				names := []string{"data"}
				if op.cursor {
					names = append(names, "next_cursor")
				}
				assert.ElementsMatch(t, names, keys(properties))
				assert.ElementsMatch(t, names, required)
				schema = properties["data"].Schema().Items.A
			}
			h.object("answer", schema, reflect.TypeOf(op.answer))
			checkExamples(t, media.Examples, op.decode)

			for status, refusal := range operation.Responses.Codes.FromOldest() {
				if status == op.status {
					continue
				}
				media, ok := refusal.Content.Get("application/problem+json")
				require.True(t, ok, status)
				h.object("problem", media.Schema, reflect.TypeFor[problem]())
				properties, _ := members(media.Schema)
				h.object("problem.message", properties["message"], reflect.TypeFor[Message]())
				h.amount("problem.limit", properties["limit"])
				h.enum("problem.fault", properties["fault"], reflect.TypeFor[Fault]())
				h.enum("problem.retry", properties["retry"], reflect.TypeFor[Retry]())
			}
		})
	}
	assert.Empty(t, keys(described), "operations that the client does not have")
}

func TestTheClientKnowsTheServicesEvents(t *testing.T) {
	d := document(t)
	h := newHolder(t)
	about := map[string]struct {
		object any
		read   func(Event) (any, error)
	}{
		"payment":         {Payment{}, func(e Event) (any, error) { return e.Payment() }},
		"refund":          {Refund{}, func(e Event) (any, error) { return e.Refund() }},
		"dispute":         {Dispute{}, func(e Event) (any, error) { return e.Dispute() }},
		"payout":          {Payout{}, func(e Event) (any, error) { return e.Payout() }},
		"payout_schedule": {PayoutSchedule{}, func(e Event) (any, error) { return e.PayoutSchedule() }},
	}
	var types []string
	for name, item := range d.Webhooks.FromOldest() {
		types = append(types, name)
		noun, _, _ := strings.Cut(name, ".")
		require.Contains(t, about, noun)
		media, ok := item.Post.RequestBody.Content.Get("application/json")
		require.True(t, ok, name)
		h.object(name, media.Schema, reflect.TypeFor[Event]())
		properties, _ := members(media.Schema)
		decode := reading(func(body []byte, _ *money.Registry) (any, error) {
			e, err := ParseEvent(body)
			if err != nil {
				return nil, err
			}
			return about[noun].read(e)
		})
		h.object(name+".data", properties["data"], reflect.TypeOf(about[noun].object))
		checkExamples(t, media.Examples, decode)
	}
	assert.ElementsMatch(t, h.constants["EventType"], types)
}

func TestTheClientReadsTheServicesExamplesOfRefusals(t *testing.T) {
	d := document(t)
	n := 0
	for name, example := range d.Components.Examples.FromOldest() {
		var value map[string]any
		if example.Value.Decode(&value) != nil {
			continue // a file
		}
		code, ok := value["code"].(string)
		if !ok {
			continue
		}
		n++
		body, err := json.Marshal(value)
		require.NoError(t, err)
		e := parseProblem(&http.Response{StatusCode: value["status"].(int)}, body, money.ISO())
		assert.Equal(t, Code(code), e.Code, name)
		assert.Equal(t, value["detail"], e.Detail, name)
		assert.Equal(t, value["request_id"], e.RequestID, name)
		assert.Equal(t, value["message"].(map[string]any)["zh-CN"], e.Message.Zh, name)
		assert.Equal(t, value["limit"] != nil, e.Limit != money.Amount{}, name)
		assert.Equal(t, value["resets_at"] != nil, !e.ResetsAt.IsZero(), name)
		assert.NotEmpty(t, e.NextAction, name)
		assert.Contains(t, newHolder(t).constants["Code"], code, name)
	}
	assert.Greater(t, n, 10)
}

func TestTheCodesAreThoseOfTheTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "okpay", "failures.json"))
	require.NoError(t, err)
	var table []struct{ Code, Fault, Retry string }
	require.NoError(t, json.Unmarshal(text, &table))
	listed := map[string][]string{}
	for _, row := range table {
		listed["Code"] = append(listed["Code"], row.Code)
		listed["Fault"] = append(listed["Fault"], row.Fault)
		listed["Retry"] = append(listed["Retry"], row.Retry)
	}
	constants := newHolder(t).constants
	require.NotEmpty(t, constants["Code"])
	assert.Subset(t, listed["Code"], constants["Code"])
	assert.Subset(t, constants["Fault"], listed["Fault"])
	assert.Subset(t, constants["Retry"], listed["Retry"])
}

func checkExamples(t *testing.T, examples *orderedmap.Map[string, *base.Example], decode func([]byte) error) {
	t.Helper()
	require.Positive(t, examples.Len())
	for name, example := range examples.FromOldest() {
		var value any
		require.NoError(t, example.Value.Decode(&value), name)
		body, err := json.Marshal(value)
		require.NoError(t, err, name)
		assert.NoError(t, decode(body), name)
	}
}

// holder holds Go types to schemas.
type holder struct {
	*testing.T
	constants map[string][]string // values of the package's string constants by type
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	h := &holder{T: t, constants: map[string][]string{}}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				constant := spec.(*ast.ValueSpec)
				typeName, ok := constant.Type.(*ast.Ident)
				if !ok {
					continue
				}
				value, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				h.constants[typeName.Name] = append(h.constants[typeName.Name], value)
			}
		}
	}
	return h
}

// members returns the properties of an object and the names of those that are required,
// with those of the schemas that it is made of.
func members(proxy *base.SchemaProxy) (map[string]*base.SchemaProxy, []string) {
	schema := proxy.Schema()
	properties := map[string]*base.SchemaProxy{}
	required := slices.Clone(schema.Required)
	for _, part := range schema.AllOf {
		more, names := members(part)
		for name, p := range more {
			properties[name] = p
		}
		required = append(required, names...)
	}
	if schema.Properties != nil {
		for name, p := range schema.Properties.FromOldest() {
			properties[name] = p
		}
	}
	return properties, required
}

// jsonField is a field of a struct as JSON sees it.
type jsonField struct {
	goType   reflect.Type
	optional bool
}

func jsonFields(structType reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for i := range structType.NumField() {
		f := structType.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for inner, field := range jsonFields(f.Type) {
				fields[inner] = field
			}
		case f.IsExported() && name != "-":
			fields[name] = jsonField{f.Type, strings.Contains(options, "omit")}
		}
	}
	return fields
}

// object compares the properties of a schema with the fields of a struct: the names, which
// of them are required, and what they hold.
func (h *holder) object(at string, proxy *base.SchemaProxy, structType reflect.Type) {
	h.Helper()
	properties, required := members(proxy)
	fields := jsonFields(structType)
	assert.ElementsMatch(h, keys(properties), keys(fields), "%s: properties of the document and fields of %s", at, structType)
	for name, field := range fields {
		property, ok := properties[name]
		if !ok {
			continue // reported above
		}
		place := at + "." + name
		assert.Equal(h, slices.Contains(required, name), !field.optional, "%s: required by the document, and without omitempty", place)
		h.value(place, property, field.goType)
	}
}

func (h *holder) value(at string, proxy *base.SchemaProxy, goType reflect.Type) {
	h.Helper()
	switch goType {
	case reflect.TypeFor[json.RawMessage]():
		return
	case reflect.TypeFor[money.Amount]():
		h.amount(at, proxy)
		return
	case reflect.TypeFor[time.Time]():
		h.kind(at, proxy, "string")
		assert.Equal(h, "date-time", find(proxy, func(s *base.Schema) string { return s.Format }), at)
		return
	}
	switch goType.Kind() {
	case reflect.Pointer:
		h.value(at, proxy, goType.Elem())
	case reflect.String:
		h.kind(at, proxy, "string")
		h.enum(at, proxy, goType)
	case reflect.Int, reflect.Int64:
		h.kind(at, proxy, "integer")
	case reflect.Bool:
		h.kind(at, proxy, "boolean")
	case reflect.Map:
		h.kind(at, proxy, "object")
	case reflect.Slice:
		h.kind(at, proxy, "array")
		items := find(proxy, func(s *base.Schema) *base.SchemaProxy {
			if s.Items == nil {
				return nil
			}
			return s.Items.A
		})
		h.value(at+"[]", items, goType.Elem())
	case reflect.Struct:
		h.kind(at, proxy, "object")
		h.object(at, proxy, goType)
	default:
		assert.Fail(h, "no rule for "+goType.String(), at)
	}
}

func (h *holder) amount(at string, proxy *base.SchemaProxy) {
	h.Helper()
	properties, required := members(proxy)
	assert.ElementsMatch(h, []string{"amount", "currency"}, keys(properties), at)
	assert.ElementsMatch(h, []string{"amount", "currency"}, required, at)
	for name, property := range properties {
		h.kind(at+"."+name, property, "string")
	}
}

func (h *holder) kind(at string, proxy *base.SchemaProxy, want string) {
	h.Helper()
	assert.Equal(h, want, find(proxy, func(s *base.Schema) string { return strings.Join(s.Type, ",") }), at)
}

// enum compares the values that a schema lists with the constants of a type. A type of the
// document that lists none may have constants all the same.
func (h *holder) enum(at string, proxy *base.SchemaProxy, goType reflect.Type) {
	h.Helper()
	listed := find(proxy, func(s *base.Schema) string {
		var values []string
		for _, node := range s.Enum {
			values = append(values, node.Value)
		}
		slices.Sort(values)
		return strings.Join(values, " ")
	})
	if listed == "" {
		return
	}
	constants := slices.Sorted(slices.Values(h.constants[goType.Name()]))
	assert.Equal(h, listed, strings.Join(constants, " "), "%s: values of the document and constants of %s", at, goType)
}

// find returns what a schema, or one that it is made of, says about something.
func find[T comparable](proxy *base.SchemaProxy, get func(*base.Schema) T) T {
	var none T
	if proxy == nil {
		return none
	}
	schema := proxy.Schema()
	if v := get(schema); v != none {
		return v
	}
	for _, part := range schema.AllOf {
		if v := find(part, get); v != none {
			return v
		}
	}
	return none
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
