package lookup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"datarun"
	"datarun/warehouse"
	"datarun/warehouse/schema"
)

// shape is what is asked of a resource: the columns, and how each becomes JSON.
type shape struct {
	table string
	exprs []string // one per item: the column as text
	items []*datarun.Item
}

func newShape(database string, res *datarun.Resource, items []datarun.ItemName) (*shape, error) {
	s := &shape{table: database + "." + schema.Table(res.Code)}
	if len(items) == 0 {
		for i := range res.Items {
			s.add(&res.Items[i])
		}
		return s, nil
	}
	for _, name := range items {
		item := res.Item(name)
		if item == nil {
			return nil, datarun.Errorf(datarun.Invalid, "lookup", "%s has no item %s", res.Code, name)
		}
		s.add(item)
	}
	return s, nil
}

// add asks for the item as text. A time is asked for as its instant: as a text of the column's zone it would be wrong
// for the years in which China had summer time, and before 1901.
func (s *shape) add(item *datarun.Item) {
	e := "toString(" + schema.Quote(item.Name) + ")"
	switch item.Type {
	case datarun.Char, datarun.Memo, datarun.General:
		e = schema.Quote(item.Name)
	case datarun.DateTime:
		e = "toString(toUnixTimestamp64Milli(" + schema.Quote(item.Name) + "))"
	}
	s.items = append(s.items, item)
	s.exprs = append(s.exprs, e)
}

func (s *shape) columns() string {
	own := []string{schema.KeyColumn, "toUnixTimestamp64Milli(" + schema.TimeColumn + ")", schema.VersionColumn, schema.DeletedColumn}
	return strings.Join(append(own, s.exprs...), ", ")
}

// oneThread: a query of few rows gains nothing from more.
var oneThread = clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1})

// get fills found with the newest version of each key. The keys travel as a table, so none is ever part of a statement.
func (s *shape) get(ctx context.Context, db *warehouse.DB, keys []string, found map[string]Row) error {
	table, err := ext.NewTable("_keys", ext.Column("k", "String"))
	if err != nil {
		return warehouse.Classify("keys", err)
	}
	if _, err := table.Block().Columns[0].Append(keys); err != nil {
		return warehouse.Classify("keys", err)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithExternalTable(table), oneThread)
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s IN _keys ORDER BY %[3]s, %[4]s DESC LIMIT 1 BY %[3]s",
		s.columns(), s.table, schema.KeyColumn, schema.VersionColumn)
	return s.read(ctx, db, query, func(r Row) { found[r.Key] = r })
}

// list returns up to limit current rows after a key.
func (s *shape) list(ctx context.Context, db *warehouse.DB, after string, limit int) ([]Row, error) {
	ctx = clickhouse.Context(ctx, oneThread,
		clickhouse.WithParameters(clickhouse.Parameters{"after": escapeParameter(after), "limit": fmt.Sprint(limit)}))
	query := fmt.Sprintf("SELECT %s FROM %s FINAL WHERE %s > {after:String} ORDER BY %[3]s LIMIT {limit:UInt32}",
		s.columns(), s.table, schema.KeyColumn)
	var rows []Row
	err := s.read(ctx, db, query, func(r Row) { rows = append(rows, r) })
	return rows, err
}

// read runs the query and makes rows of its answer.
func (s *shape) read(ctx context.Context, db *warehouse.DB, query string, each func(Row)) error {
	var r Row
	var ms int64
	var deleted uint8
	texts := make([]*string, len(s.items))
	plain := make([]string, len(s.items))
	dest := []any{&r.Key, &ms, &r.Version, &deleted}
	for i, item := range s.items {
		if item.Required {
			texts[i] = &plain[i]
			dest = append(dest, &plain[i])
		} else {
			dest = append(dest, &texts[i])
		}
	}
	return db.Select(ctx, query, func(scan func(...any) error) error {
		r = Row{}
		if err := scan(dest...); err != nil {
			return err
		}
		r.Time = time.UnixMilli(ms).In(datarun.China)
		if r.Found = deleted == 0; r.Found {
			data, err := s.object(texts)
			if err != nil {
				return err
			}
			r.Data = data
		}
		each(r)
		return nil
	})
}

// escapeParameter writes a text as the server reads a parameter: as in a tab-separated file.
func escapeParameter(s string) string {
	return strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0", "\b", "\\b", "\f", "\\f").Replace(s)
}
