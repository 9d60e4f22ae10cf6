package postgres

import (
	"datarun"
	"datarun/connectors/sqltable"
)

// The type table: what a type's text is, and what Discover proposes for it. Types that are not listed are text.
var types = map[string]struct {
	form sqltable.Form
	item datarun.ItemType
	expr string
}{
	"int2":        {form: sqltable.FormInt, item: datarun.Integer},
	"int4":        {form: sqltable.FormInt, item: datarun.Integer},
	"int8":        {form: sqltable.FormInt, item: datarun.Integer},
	"oid":         {form: sqltable.FormInt, item: datarun.Integer},
	"numeric":     {form: sqltable.FormDecimal, item: datarun.Numeric},
	"money":       {form: sqltable.FormDecimal, item: datarun.Currency, expr: "%s::numeric"}, // its text depends on lc_monetary
	"float4":      {form: sqltable.FormFloat, item: datarun.Float},
	"float8":      {form: sqltable.FormFloat, item: datarun.Double},
	"bool":        {form: sqltable.FormBool, item: datarun.Bool},
	"date":        {form: sqltable.FormDate, item: datarun.Date},
	"timestamp":   {form: sqltable.FormStamp, item: datarun.DateTime},
	"timestamptz": {form: sqltable.FormInstant, item: datarun.DateTime},
	"json":        {form: sqltable.FormJSON, item: datarun.General},
	"jsonb":       {form: sqltable.FormJSON, item: datarun.General},
	"bytea":       {form: sqltable.FormHex, item: datarun.Memo}, // base64
	"bpchar":      {item: datarun.Char},
	"text":        {item: datarun.Memo},
	"xml":         {item: datarun.Memo},
	"tsvector":    {item: datarun.Memo},
}

// Precision proposed for numeric without one.
const (
	freeDigits = 38
	freeScale  = 10
	typmodBase = 4 // what PostgreSQL adds to a length or precision inside a type modifier
)

// columnOf fills in a column's form from its base type: name, category ('A' array), kind ('c' composite) and modifier.
func columnOf(c *sqltable.Column, name, category, kind string, modifier int) {
	switch {
	case category == "A" || kind == "c":
		c.Form, c.Item, c.Expr = sqltable.FormJSON, datarun.General, "to_json(%s)"
		return
	case kind == "e":
		c.Item = datarun.Char
		return
	}
	t, ok := types[name]
	if !ok {
		t.item = datarun.Char
	}
	c.Form, c.Item, c.Expr = t.form, t.item, t.expr
	c.Padded = name == "bpchar"
	switch name {
	case "varchar", "bpchar":
		if modifier >= typmodBase {
			c.Length = modifier - typmodBase
		}
	case "numeric":
		c.Length, c.Scale = freeDigits, freeScale
		if modifier >= typmodBase {
			c.Length, c.Scale = (modifier-typmodBase)>>16&0xffff, (modifier-typmodBase)&0x7ff
			if c.Scale >= 1<<10 {
				c.Length, c.Scale = c.Length+(1<<11-c.Scale), 0 // a negative scale: digits before the point that are always 0
			}
		}
	}
}
