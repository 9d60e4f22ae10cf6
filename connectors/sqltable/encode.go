package sqltable

import (
	"database/sql/driver"
	"math"
	"strconv"
	"time"

	"datarun"
	"datarun/internal/rowjson"
)

// Encoder turns rows of driver values into records. Values may be of any of the driver's types in any column.
type Encoder struct {
	plan    *Plan
	sink    *Sink
	upsert  []outlet
	delete  []outlet
	values  []driver.Value
	scratch []byte
	again   []byte // the scratch of cursor, which runs while a record's is in use
}

// outlet is one item: its shape for values of each Go type.
type outlet struct {
	prefix []byte
	index  int
	form   Form
	single bool
	native Shape // as the column was declared
	whole  Shape
	real   Shape
	text   Shape
	bytes  Shape
	epoch  Shape
	json   Shape
}

// NewEncoder makes the encoder for one Scan.
func NewEncoder(p *Plan, sink *Sink) *Encoder {
	e := &Encoder{plan: p, sink: sink, upsert: outlets(p, p.Upsert), delete: outlets(p, p.Delete)}
	sink.Key, sink.Cursor = e.key, e.cursor
	return e
}

func outlets(p *Plan, shapes []Shape) []outlet {
	out := make([]outlet, len(shapes))
	for i, s := range shapes {
		o := outlet{prefix: []byte{','}, index: s.Index, form: p.Select[s.Index].Form, single: p.Select[s.Index].Single, native: s}
		if i == 0 {
			o.prefix = []byte{'{'}
		}
		o.prefix = append(o.prefix, s.Prefix...)
		o.whole, o.real, o.text, o.bytes = s.As(FormInt), s.As(FormFloat), s.As(FormText), s.As(FormBytes)
		o.epoch, o.json = s.As(FormInstant), s.As(FormJSON)
		out[i] = o
	}
	return out
}

// Row encodes one row.
func (e *Encoder) Row(values []driver.Value) (stop bool, err error) {
	e.values = values
	op, outlets := datarun.Upsert, e.upsert
	if i := e.plan.Deleted; i >= 0 && values[i] != nil && e.plan.IsDeleted(e.raw(&e.scratch, values[i])) {
		op, outlets = datarun.Delete, e.delete
	}
	dst := e.sink.Buffer()
	for i := range outlets {
		o := &outlets[i]
		v := values[o.index]
		dst = append(dst, o.prefix...)
		if v == nil {
			dst = append(dst, "null"...)
			continue
		}
		var rule datarun.Rule
		if dst, rule = e.append(dst, o, v); rule != "" {
			err := e.fault(o, rule)
			return e.sink.PageDone(), err
		}
	}
	err = e.sink.Add(append(dst, '}'), op)
	return e.sink.PageDone(), err
}

func (e *Encoder) append(dst []byte, o *outlet, v driver.Value) ([]byte, datarun.Rule) {
	switch v := v.(type) {
	case int64:
		return e.whole(dst, o, v)
	case uint64:
		e.scratch = strconv.AppendUint(e.scratch[:0], v, 10)
		return o.whole.Append(dst, e.scratch)
	case string:
		e.scratch = append(e.scratch[:0], v...)
		return e.characters(dst, o, e.scratch)
	case []byte:
		if e.plan.dialect.Typed {
			return o.native.Append(dst, v)
		}
		return o.bytes.Append(dst, v)
	case float64, float32:
		if f, ok := v.(float64); ok && o.single {
			v = float32(f)
		}
		e.scratch = appendReal(e.scratch[:0], v, o.form)
		if o.form == FormDecimal && !math.IsInf(realOf(v), 0) && !math.IsNaN(realOf(v)) {
			return o.native.Append(dst, e.scratch)
		}
		return o.real.Append(dst, e.scratch)
	}
	return o.text.Append(dst, e.raw(&e.scratch, v))
}

// whole appends an integer: in a column declared as a time it is seconds or, above 10^11, milliseconds since 1970.
func (e *Encoder) whole(dst []byte, o *outlet, v int64) ([]byte, datarun.Rule) {
	switch o.form {
	case FormStamp, FormDate, FormInstant:
		t := time.Unix(v, 0)
		if v > 1e11 || v < -1e11 {
			t = time.UnixMilli(v)
		}
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			break
		}
		e.scratch = t.UTC().AppendFormat(e.scratch[:0], "2006-01-02 15:04:05.999")
		return o.epoch.Append(dst, e.scratch)
	case FormBool, FormDecimal:
		e.scratch = strconv.AppendInt(e.scratch[:0], v, 10)
		return o.native.Append(dst, e.scratch)
	}
	e.scratch = strconv.AppendInt(e.scratch[:0], v, 10)
	return o.whole.Append(dst, e.scratch)
}

// characters appends text as the column's type says where the text can be trusted to be of it.
func (e *Encoder) characters(dst []byte, o *outlet, v []byte) ([]byte, datarun.Rule) {
	switch o.form {
	case FormDate, FormStamp:
		if isTime(v) {
			return o.native.Append(dst, v)
		}
	case FormJSON:
		if isJSON(v) {
			return o.json.Append(dst, v)
		}
	}
	return o.text.Append(dst, v)
}

func isTime(v []byte) bool {
	var n [6]int
	return readDate(v, &n) && (len(v) == 10 || readClock(v, &n))
}

// isJSON holds a value to the parser that the hub will hold the record to.
func isJSON(v []byte) bool {
	var r rowjson.Row
	wrapped := append(append([]byte(`{"v":`), v...), '}')
	return r.Parse(wrapped) == nil && len(r.Fields) == 1
}

func realOf(v driver.Value) float64 {
	if f, ok := v.(float32); ok {
		return float64(f)
	}
	return v.(float64)
}

func appendReal(dst []byte, v driver.Value, form Form) []byte {
	format := byte('g')
	if form == FormDecimal {
		format = 'f'
	}
	if f, ok := v.(float32); ok {
		return strconv.AppendFloat(dst, float64(f), format, -1, 32)
	}
	return strconv.AppendFloat(dst, v.(float64), format, -1, 64)
}

func (e *Encoder) fault(o *outlet, rule datarun.Rule) error {
	detail := "not valid UTF-8"
	if rule == datarun.RuleRange {
		detail = "not a number: NaN or infinite"
	}
	// The row as tab-separated text, as databases export it.
	var row []byte
	for i, v := range e.values {
		if i > 0 {
			row = append(row, '\t')
		}
		if v == nil {
			row = append(row, `\N`...)
		} else {
			raw := e.raw(&e.scratch, v)
			row = append(row, raw[:min(len(raw), rawLimit)]...)
		}
	}
	return e.sink.Fault(row, datarun.Fault{Rule: rule, Item: o.native.Name, Detail: detail})
}

// raw is a value as text. The result lives as long as the value and the scratch.
func (e *Encoder) raw(scratch *[]byte, v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		*scratch = append((*scratch)[:0], v...)
	case int64:
		*scratch = strconv.AppendInt((*scratch)[:0], v, 10)
	case uint64:
		*scratch = strconv.AppendUint((*scratch)[:0], v, 10)
	case float64, float32:
		*scratch = appendReal((*scratch)[:0], v, FormFloat)
	case bool:
		*scratch = strconv.AppendBool((*scratch)[:0], v)
	case time.Time:
		*scratch = v.AppendFormat((*scratch)[:0], "2006-01-02 15:04:05.999999999")
	default:
		*scratch = (*scratch)[:0]
	}
	return *scratch
}

func (e *Encoder) key() []Value {
	out := make([]Value, len(e.sink.Order))
	for n, i := range e.sink.Order {
		out[n] = e.Value(e.values[i])
	}
	return out
}

// Value makes a position's value of a driver's. Where the columns fix the types all are text or bytes.
func (e *Encoder) Value(v driver.Value) Value { return valueOf(v, e.plan.dialect.Typed) }

func valueOf(v driver.Value, typed bool) Value {
	switch v := v.(type) {
	case nil:
		return Value{}
	case string:
		return TextValue([]byte(v))
	case []byte:
		if !typed {
			return Value{Kind: Bytes, Text: string(v)}
		}
		return TextValue(v)
	case int64:
		return Value{Kind: Int, Text: strconv.FormatInt(v, 10)}
	case float64:
		return Value{Kind: Float, Text: strconv.FormatFloat(v, 'g', -1, 64)}
	}
	e := Encoder{}
	return Value{Kind: Text, Text: string(e.raw(&e.scratch, v))}
}

// ValueOf makes a position's value of a driver's, for a database whose columns do not fix the types of values.
func ValueOf(v driver.Value) Value { return valueOf(v, false) }

func (e *Encoder) cursor() []byte {
	if e.plan.Cursor < 0 || e.values[e.plan.Cursor] == nil {
		return nil
	}
	return e.raw(&e.again, e.values[e.plan.Cursor])
}
