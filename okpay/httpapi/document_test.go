package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	c := loadContract(t)
	assert.Equal(t, "3.1.0", c.model.Version)
	_, found := c.validator.ValidateDocument()
	assert.NoError(t, errorsOf(found))
}

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	var served, described []string
	for _, rt := range (&handler{document: newDocument()}).routes() {
		served = append(served, rt.method+" "+rt.path)
	}
	for p, item := range loadContract(t).model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			described = append(described, strings.ToUpper(method)+" "+p)
		}
	}
	assert.ElementsMatch(t, served, described)
}
