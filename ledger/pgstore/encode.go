package pgstore

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// Parameters are encoded here, straight from the rows into PostgreSQL's binary format: one
// array for each column. pgx could do it, at the price of a copy of every column and an
// interface value for every field, which is a quarter of what a large block costs this
// side of the connection.

// null is the length that stands for NULL.
const null = 0xFFFFFFFF

// pgEpoch is PostgreSQL's origin of time, in microseconds since 1970.
var pgEpoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// One value.

func int8Of(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func textOf(s string) []byte { return append([]byte{}, s...) }

// timeOf encodes an instant, NULL for the zero time.
func timeOf(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return int8Of(t.UnixMicro() - pgEpoch)
}

// array begins an array of n elements that take about size bytes each, without their
// lengths.
func array(elementType uint32, n, size int) []byte {
	b := make([]byte, 0, 20+n*(4+size))
	b = binary.BigEndian.AppendUint32(b, 1) // dimensions
	b = binary.BigEndian.AppendUint32(b, 1) // may have NULLs
	b = binary.BigEndian.AppendUint32(b, elementType)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return binary.BigEndian.AppendUint32(b, 1) // lower bound
}

func appendInt8(b []byte, v int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

func appendBytes[T string | []byte](b []byte, v T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...)
}

func appendNull(b []byte) []byte { return binary.BigEndian.AppendUint32(b, null) }

// Columns of rows: each takes one field of every row. One more byte than a row needs on
// average is cheaper than growing, so sizes of text and bytes are added up first.

// int8s is a column of type bigint.
func int8s[R any](rows []R, field func(*R) int64) []byte {
	b := array(pgtype.Int8OID, len(rows), 8)
	for i := range rows {
		b = appendInt8(b, field(&rows[i]))
	}
	return b
}

// optionalInt8s is a column of type bigint, NULL for nil.
func optionalInt8s[R any](rows []R, field func(*R) *int64) []byte {
	b := array(pgtype.Int8OID, len(rows), 8)
	for i := range rows {
		if v := field(&rows[i]); v != nil {
			b = appendInt8(b, *v)
		} else {
			b = appendNull(b)
		}
	}
	return b
}

// int4s is a column of type integer.
func int4s[R any](rows []R, field func(*R) int) []byte {
	b := array(pgtype.Int4OID, len(rows), 4)
	for i := range rows {
		b = binary.BigEndian.AppendUint32(b, 4)
		b = binary.BigEndian.AppendUint32(b, uint32(field(&rows[i])))
	}
	return b
}

// bools is a column of type boolean.
func bools[R any](rows []R, field func(*R) bool) []byte {
	b := array(pgtype.BoolOID, len(rows), 1)
	for i := range rows {
		b = binary.BigEndian.AppendUint32(b, 1)
		if field(&rows[i]) {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

// texts is a column of type text.
func texts[R any](rows []R, field func(*R) string) []byte {
	return bytesLike(rows, pgtype.TextOID, field, func(string) bool { return false })
}

// optionalTexts is a column of type text, NULL for the empty string.
func optionalTexts[R any](rows []R, field func(*R) string) []byte {
	return bytesLike(rows, pgtype.TextOID, field, func(s string) bool { return s == "" })
}

// blobs is a column of type bytea, NULL for nil.
func blobs[R any](rows []R, field func(*R) []byte) []byte {
	return bytesLike(rows, pgtype.ByteaOID, field, func(b []byte) bool { return b == nil })
}

func bytesLike[R any, T string | []byte](rows []R, elementType uint32, field func(*R) T, isNull func(T) bool) []byte {
	total := 0
	for i := range rows {
		total += len(field(&rows[i]))
	}
	b := array(elementType, len(rows), total/max(len(rows), 1)+1)
	for i := range rows {
		if v := field(&rows[i]); isNull(v) {
			b = appendNull(b)
		} else {
			b = appendBytes(b, v)
		}
	}
	return b
}

// times is a column of type timestamptz, with the zero time as what it is: the year 1.
func times[R any](rows []R, field func(*R) time.Time) []byte {
	b := array(pgtype.TimestamptzOID, len(rows), 8)
	for i := range rows {
		b = appendInt8(b, field(&rows[i]).UnixMicro()-pgEpoch)
	}
	return b
}

// optionalTimes is a column of type timestamptz, NULL for the zero time.
func optionalTimes[R any](rows []R, field func(*R) time.Time) []byte {
	b := array(pgtype.TimestamptzOID, len(rows), 8)
	for i := range rows {
		if t := field(&rows[i]); t.IsZero() {
			b = appendNull(b)
		} else {
			b = appendInt8(b, t.UnixMicro()-pgEpoch)
		}
	}
	return b
}

// self is the field of rows that are values themselves.
func self[T any](v *T) T { return *v }

// Arrays inside a row can not be elements of an array; they go as their text form and the
// statement casts them.

// textList is the text form of text[], empty (which becomes NULL) for none.
func textList(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	for i, s := range list {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteByte('"')
		for j := range len(s) {
			if s[j] == '"' || s[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[j])
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// intTable is the text form of bigint[][].
func intTable(rows [][4]int64) string {
	b := []byte{'{'}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		for j, v := range row {
			b = append(b, "{,"[min(j, 1)])
			b = strconv.AppendInt(b, v, 10)
		}
		b = append(b, '}')
	}
	return string(append(b, '}'))
}

// storable reports whether a string can be stored at all. What can not be stored is not
// there: looking for it finds nothing, rather than failing.
func storable(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
