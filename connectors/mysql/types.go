package mysql

import (
	"strings"

	"datarun"
	"datarun/connectors/sqltable"
)

// The type table: what a type's values are, and what Discover proposes for it. Types that are not listed are text.
// Unordered types are sorted in another way than they are compared with text.
var types = map[string]struct {
	form      sqltable.Form
	item      datarun.ItemType
	unordered bool
}{
	"tinyint":    {form: sqltable.FormInt, item: datarun.Integer},
	"smallint":   {form: sqltable.FormInt, item: datarun.Integer},
	"mediumint":  {form: sqltable.FormInt, item: datarun.Integer},
	"int":        {form: sqltable.FormInt, item: datarun.Integer},
	"bigint":     {form: sqltable.FormInt, item: datarun.Integer},
	"year":       {form: sqltable.FormInt, item: datarun.Integer},
	"decimal":    {form: sqltable.FormDecimal, item: datarun.Numeric},
	"float":      {form: sqltable.FormFloat, item: datarun.Float, unordered: true},
	"double":     {form: sqltable.FormFloat, item: datarun.Double, unordered: true},
	"date":       {form: sqltable.FormDate, item: datarun.Date},
	"datetime":   {form: sqltable.FormStamp, item: datarun.DateTime},
	"timestamp":  {form: sqltable.FormInstant, item: datarun.DateTime},
	"json":       {form: sqltable.FormJSON, item: datarun.General, unordered: true},
	"bit":        {form: sqltable.FormBits, item: datarun.Integer, unordered: true},
	"binary":     {form: sqltable.FormBytes, item: datarun.Char},
	"varbinary":  {form: sqltable.FormBytes, item: datarun.Char},
	"tinyblob":   {form: sqltable.FormBytes, item: datarun.Memo},
	"blob":       {form: sqltable.FormBytes, item: datarun.Memo},
	"mediumblob": {form: sqltable.FormBytes, item: datarun.Memo},
	"longblob":   {form: sqltable.FormBytes, item: datarun.Memo},
	"char":       {item: datarun.Char},
	"varchar":    {item: datarun.Char},
	"tinytext":   {item: datarun.Memo},
	"text":       {item: datarun.Memo},
	"mediumtext": {item: datarun.Memo},
	"longtext":   {item: datarun.Memo},
	"enum":       {item: datarun.Char, unordered: true},
	"set":        {item: datarun.Char, unordered: true},
}

var geometries = []string{"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection"}

// bigDigits is the number of digits of the largest unsigned bigint, which the type Integer cannot hold.
const bigDigits = 20

// columnOf fills in a column's form from its type: the bare name, and the sizes that the catalogue gives.
func columnOf(c *sqltable.Column, name string, length, digits, scale int) {
	t, ok := types[name]
	if !ok {
		t.item = datarun.Char
	}
	c.Form, c.Item, c.Unordered = t.form, t.item, t.unordered
	full := strings.ToLower(c.Type)
	switch name {
	case "tinyint":
		if strings.HasPrefix(full, "tinyint(1)") {
			c.Form, c.Item = sqltable.FormBool, datarun.Bool
		}
	case "bigint":
		if strings.Contains(full, "unsigned") {
			c.Item, c.Length = datarun.Numeric, bigDigits
		}
	case "decimal":
		c.Length, c.Scale = digits, scale
	case "bit":
		if full == "bit(1)" {
			c.Item = datarun.Bool
		}
	case "char", "varchar":
		c.Length = length
	case "float":
		c.Single, c.Expr = true, "(%s + 0e0)" // else the server rounds to six digits
	}
	for _, g := range geometries {
		if name == g {
			c.Item, c.Expr, c.Unordered = datarun.Memo, "ST_AsText(%s)", true
		}
	}
}
