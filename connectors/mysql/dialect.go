package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"datarun"
	"datarun/connectors/sqltable"
)

var dialect = &sqltable.Dialect{Quote: quoteName, Bind: bind, Fold: true, Typed: true}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// bind gives a value the type of its column. MySQL would compare numbers with text as floating point.
func bind(v sqltable.Value, c *sqltable.Column) (string, any, bool) {
	if v.IsNull() {
		return "NULL", nil, false
	}
	switch c.Form {
	case sqltable.FormInt, sqltable.FormBool:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return "?", n, true
		}
		if n, err := strconv.ParseUint(v.Text, 10, 64); err == nil {
			return "?", n, true
		}
	case sqltable.FormDecimal:
		return fmt.Sprintf("CAST(? AS DECIMAL(65, %d))", c.Scale), v.Text, true
	case sqltable.FormBytes:
		return "?", []byte(v.Text), true
	}
	return "?", v.Text, true
}

// splitObject reads a table's name: table, database.table, and in backticks where a name has a dot.
func splitObject(object string) (database, table string, err error) {
	var parts []string
	rest := object
	for {
		part, after := rest, ""
		if strings.HasPrefix(rest, "`") {
			end := 1
			for end < len(rest) && (rest[end] != '`' || strings.HasPrefix(rest[end:], "``")) {
				if rest[end] == '`' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return "", "", badObject(object)
			}
			part, after = strings.ReplaceAll(rest[1:end], "``", "`"), rest[end+1:]
		} else if i := strings.IndexByte(rest, '.'); i >= 0 {
			part, after = rest[:i], rest[i:]
		}
		parts = append(parts, part)
		if part == "" || strings.ContainsRune(part, 0) || (after != "" && after[0] != '.') || len(parts) > 2 {
			return "", "", badObject(object)
		}
		if after == "" {
			break
		}
		rest = after[1:]
	}
	if len(parts) == 1 {
		return "", parts[0], nil
	}
	return parts[0], parts[1], nil
}

func badObject(object string) error {
	return datarun.Errorf(datarun.Invalid, "object", "%q is not a table name: want table, database.table or `quoted`.`names`", object)
}

// objectName spells a table of the settings' database the way splitObject reads it.
func objectName(table string) string {
	if strings.ContainsAny(table, ".`") {
		return quoteName(table)
	}
	return table
}
