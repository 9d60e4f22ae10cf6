package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"datarun"
	"datarun/connectors/sqltable"
)

// classes maps SQLSTATE classes, and where they differ whole codes, to kinds. A loss of connection, a server that
// stops, limits and conflicts pass with time.
var classes = map[string]datarun.Kind{
	"08": datarun.Unavailable, "25": datarun.Unavailable, "40": datarun.Unavailable, "53": datarun.Unavailable,
	"54": datarun.Invalid, "55": datarun.Unavailable, "57": datarun.Unavailable, "58": datarun.Unavailable,
	"28": datarun.Denied, "42501": datarun.Denied,
	"3D": datarun.NotFound, "3F": datarun.NotFound, "42P01": datarun.NotFound,
	"42": datarun.Invalid, "22": datarun.Invalid, "0A": datarun.Invalid,
	"XX": datarun.Unavailable, "F0": datarun.Unavailable,
}

// fault makes a datarun.Error of what the driver says. It keeps the text and not the error, so that nothing inside it,
// such as a connection string, can come out later.
func (s *Source) fault(place string, err error) error {
	var known *datarun.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &tooLong) {
		return datarun.Errorf(datarun.Unavailable, place, "a row is longer than %d bytes: it will be reported when the table is read again", maxMessage)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		kind, ok := classes[pg.Code]
		if !ok {
			kind, ok = classes[pg.Code[:min(2, len(pg.Code))]]
		}
		if !ok {
			kind = datarun.Internal
		}
		text := pg.Message
		if strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23") || strings.HasPrefix(pg.Code, "P0") {
			text = "the server refused a value" // its message quotes the value
		}
		return datarun.Errorf(kind, place, "%s (SQLSTATE %s)", sqltable.Scrub(text, s.secrets), pg.Code)
	}
	return datarun.Errorf(datarun.Unavailable, place, "%s", sqltable.Scrub(err.Error(), s.secrets))
}
