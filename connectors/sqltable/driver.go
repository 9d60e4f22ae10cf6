package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// errStop ends EachRow from inside without being an error.
var errStop = errors.New("stop")

// EachRow runs a query on the driver itself and calls row with each row's values, which it may not keep. database/sql
// would convert and copy each value. stop ends it early.
func EachRow(ctx context.Context, conn *sql.Conn, q Query, row func(values []driver.Value) (stop bool, err error)) error {
	args := make([]driver.NamedValue, len(q.Args))
	for i, a := range q.Args {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	// A driver reads a result to its end when it is closed early, unless the context has ended.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := conn.Raw(func(dc any) error {
		queryer, ok := dc.(driver.QueryerContext)
		if !ok {
			return errors.New("the driver cannot query with a context")
		}
		rows, err := queryer.QueryContext(ctx, q.SQL, args)
		if err != nil {
			return err
		}
		err = each(rows, row)
		if err != nil && !errors.Is(err, errStop) {
			cancel()
		}
		if closed := rows.Close(); err == nil {
			err = closed
		}
		return err
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func each(rows driver.Rows, row func([]driver.Value) (bool, error)) error {
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if stop, err := row(values); err != nil {
			return err
		} else if stop {
			return errStop
		}
	}
}
