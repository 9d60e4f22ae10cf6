package sqlite

import (
	"strconv"
	"strings"

	"datarun"
	"datarun/connectors/sqltable"
)

// The type table: what a declared type contains, first match wins, what its values are then taken for, and what Discover
// proposes. The declaration binds nothing; the encoder looks at each value.
var types = []struct {
	word string
	form sqltable.Form
	item datarun.ItemType
}{
	{"DATETIME", sqltable.FormStamp, datarun.DateTime},
	{"TIMESTAMP", sqltable.FormStamp, datarun.DateTime},
	{"DATE", sqltable.FormDate, datarun.Date},
	{"BOOL", sqltable.FormBool, datarun.Bool},
	{"INT", sqltable.FormInt, datarun.Integer},
	{"CHAR", sqltable.FormText, datarun.Char},
	{"CLOB", sqltable.FormText, datarun.Memo},
	{"TEXT", sqltable.FormText, datarun.Memo},
	{"JSON", sqltable.FormJSON, datarun.General},
	{"DECIMAL", sqltable.FormDecimal, datarun.Numeric},
	{"NUMERIC", sqltable.FormDecimal, datarun.Numeric},
	{"MONEY", sqltable.FormDecimal, datarun.Currency},
	{"REAL", sqltable.FormFloat, datarun.Double},
	{"FLOA", sqltable.FormFloat, datarun.Double},
	{"DOUB", sqltable.FormFloat, datarun.Double},
	{"BLOB", sqltable.FormBytes, datarun.Memo},
}

// Precision proposed for decimals without one.
const (
	freeDigits = 38
	freeScale  = 10
)

func columnOf(c *sqltable.Column) {
	c.Form, c.Item = sqltable.FormText, datarun.Memo
	upper := strings.ToUpper(c.Type)
	for _, t := range types {
		if strings.Contains(upper, t.word) {
			c.Form, c.Item = t.form, t.item
			break
		}
	}
	// The driver makes times of the text in columns declared as such; a sign hides the declaration and changes nothing.
	c.Expr = "+%s"
	_, inside, _ := strings.Cut(upper, "(")
	inside, _, _ = strings.Cut(inside, ")")
	length, scale, _ := strings.Cut(inside, ",")
	n, _ := strconv.Atoi(strings.TrimSpace(length))
	switch c.Item {
	case datarun.Char:
		c.Length = n
	case datarun.Numeric, datarun.Currency:
		c.Length = n
		c.Scale, _ = strconv.Atoi(strings.TrimSpace(scale))
		if n == 0 {
			c.Length, c.Scale = freeDigits, freeScale
		}
	}
}
