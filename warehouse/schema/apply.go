package schema

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"

	"datarun"
	"datarun/warehouse"
)

// Apply makes the server's objects those of the entry: Read, Plan, and the plan's statements. It may be called for every
// entry at every start; when nothing is to be done it only reads.
func Apply(ctx context.Context, db *warehouse.DB, want *datarun.Resource) error {
	have, err := Read(ctx, db, want.Code)
	if err != nil {
		return err
	}
	statements, err := Plan(have, want, Place{Database: db.Database(), Cluster: db.Cluster()})
	if err != nil {
		return err
	}
	for _, s := range statements {
		if err := db.Exec(ctx, s); err != nil {
			return datarun.Wrap("schema: "+string(want.Code), err)
		}
	}
	return nil
}

// Read asks the server what it has of a resource.
func Read(ctx context.Context, db *warehouse.DB, code datarun.ResourceCode) (State, error) {
	var s State
	bound := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"db": db.Database(), "table": Table(code), "view": View(code),
	}))
	err := db.Select(bound, `SELECT table, name, type, comment FROM system.columns
		WHERE database = {db:String} AND table IN ({table:String}, {view:String}) ORDER BY table, position`,
		func(scan func(...any) error) error {
			var table string
			var c Column
			if err := scan(&table, &c.Name, &c.Type, &c.Comment); err != nil {
				return err
			}
			if table == Table(code) {
				s.Columns = append(s.Columns, c)
			} else {
				s.View = append(s.View, c)
			}
			return nil
		})
	if err != nil {
		return State{}, datarun.Wrap("schema: "+string(code), err)
	}
	err = db.Select(bound, `SELECT name, comment FROM system.tables WHERE database = {db:String} AND name IN ({table:String}, {view:String})`,
		func(scan func(...any) error) error {
			var name, comment string
			if err := scan(&name, &comment); err != nil {
				return err
			}
			if name == Table(code) {
				s.Comment = comment
			} else {
				s.ViewComment = comment
			}
			return nil
		})
	return s, datarun.Wrap("schema: "+string(code), err)
}
