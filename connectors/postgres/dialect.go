package postgres

import (
	"strings"

	"datarun"
	"datarun/connectors/sqltable"
)

var dialect = &sqltable.Dialect{
	Quote:  quoteName,
	Bind:   func(v sqltable.Value, _ *sqltable.Column) (string, any, bool) { return literal(v), nil, false },
	Rows:   true,
	Offset: "+00",
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal writes a value as an untyped literal, which takes the type of the column it is compared with. COPY knows no
// parameters. Every transaction sets standard_conforming_strings, so that only the quote is special. The server refuses
// a NUL itself.
func literal(v sqltable.Value) string {
	if v.IsNull() {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(v.Text, "'", "''") + "'"
}

// splitObject reads a table's name: table, schema.table, and quoted as in SQL where a name has a dot. Case counts.
func splitObject(object string) (schema, table string, err error) {
	var parts []string
	rest := object
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return "", "", badObject(object)
			}
			part, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), rest[end+1:]
		} else if i := strings.IndexByte(rest, '.'); i >= 0 {
			part, rest = rest[:i], rest[i:]
		} else {
			part, rest = rest, ""
		}
		parts = append(parts, part)
		if part == "" || strings.ContainsRune(part, 0) || (rest != "" && rest[0] != '.') || len(parts) > 2 {
			return "", "", badObject(object)
		}
		if rest == "" {
			break
		}
		rest = rest[1:]
	}
	if len(parts) == 1 {
		return "", parts[0], nil
	}
	return parts[0], parts[1], nil
}

func badObject(object string) error {
	return datarun.Errorf(datarun.Invalid, "object", "%q is not a table name: want table, schema.table or \"quoted\".\"names\"", object)
}
