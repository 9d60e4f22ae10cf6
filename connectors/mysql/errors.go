package mysql

import (
	"context"
	"errors"

	"github.com/go-sql-driver/mysql"

	"datarun"
	"datarun/connectors/sqltable"
)

// kinds of the server's error numbers. Those that are listed have messages about names and limits, never about values.
var kinds = map[uint16]datarun.Kind{
	1044: datarun.Denied, 1045: datarun.Denied, 1142: datarun.Denied, 1143: datarun.Denied, 1227: datarun.Denied, 1698: datarun.Denied,
	1049: datarun.NotFound, 1051: datarun.NotFound, 1146: datarun.NotFound,
	1054: datarun.Invalid, 1267: datarun.Invalid, 1356: datarun.Invalid,
	1040: datarun.Unavailable, 1053: datarun.Unavailable, 1129: datarun.Unavailable, 1158: datarun.Unavailable, 1159: datarun.Unavailable,
	1160: datarun.Unavailable, 1161: datarun.Unavailable, 1203: datarun.Unavailable, 1205: datarun.Unavailable, 1213: datarun.Unavailable,
	1226: datarun.Unavailable, 1317: datarun.Unavailable, 1412: datarun.Unavailable, 1927: datarun.Unavailable, 1969: datarun.Unavailable,
	3024: datarun.Unavailable, 4031: datarun.Unavailable,
}

// fault makes a datarun.Error of what the driver says. It keeps the text and not the error, so that nothing inside it
// can come out later.
func (s *Source) fault(ctx context.Context, place string, err error) error {
	var known *datarun.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		if kind, ok := kinds[e.Number]; ok {
			return datarun.Errorf(kind, place, "%s (error %d)", sqltable.Scrub(e.Message, s.secrets), e.Number)
		}
		return datarun.Errorf(datarun.Internal, place, "the server answers with error %d", e.Number)
	}
	return datarun.Errorf(datarun.Unavailable, place, "%s", sqltable.Scrub(err.Error(), s.secrets))
}
