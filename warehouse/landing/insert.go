package landing

import (
	"context"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"datarun/warehouse"
	"datarun/warehouse/schema"
)

// insert writes the blocks, all of one layout, as one insert and returns when they are on disk.
//
// The client's own batches want each value as a Go value of its own type and encode it again; a block is encoded
// already. So the blocks travel as an external table of the statement, whose columns hand over their bytes as they are.
func insert(ctx context.Context, db *warehouse.DB, blocks []*block) error {
	l := blocks[0].layout
	table, err := ext.NewTable("_in")
	if err != nil {
		return warehouse.Classify("landing", err)
	}
	to := table.Block()
	names := []string{schema.KeyColumn, schema.TimeColumn, schema.VersionColumn, schema.PartitionColumn, schema.DeletedColumn}
	types := []chcolumn.Type{"String", "DateTime64(3, 'UTC')", "UInt64", "UInt16", "UInt8"}
	for i := range l.fields {
		names = append(names, string(l.fields[i].name))
		types = append(types, chcolumn.Type(l.fields[i].column))
	}
	for i, name := range names {
		if err := to.AddColumn(name, "String"); err != nil {
			return warehouse.Classify("landing", err)
		}
		to.Columns[i] = &wire{Interface: to.Columns[i], name: name, typ: types[i], index: i, blocks: blocks}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithExternalTable(table), clickhouse.WithSettings(settings(db)))
	return db.Exec(ctx, "INSERT INTO "+l.table+" ("+l.columns+") SELECT "+l.columns+" FROM _in")
}

// settings of an insert. The server need not look for two versions of a key within the insert: reading does. On a
// cluster the insert counts when most replicas have it; else a replica that dies takes rows along whose offsets are
// committed.
func settings(db *warehouse.DB) clickhouse.Settings {
	s := clickhouse.Settings{"max_threads": 1, "max_insert_threads": 1, "optimize_on_insert": 0}
	if db.Cluster() != "" {
		s["insert_quorum"] = "auto"
	}
	return s
}

// wire is a column that is encoded already. Only what the client calls when it sends is here; the rest is inherited
// from an empty column and never called.
type wire struct {
	chcolumn.Interface
	name   string
	typ    chcolumn.Type
	index  int
	blocks []*block
}

// Name is the column's name.
func (w *wire) Name() string { return w.name }

// Type is the column's ClickHouse type.
func (w *wire) Type() chcolumn.Type { return w.typ }

// Rows is how many rows all blocks have.
func (w *wire) Rows() int {
	n := 0
	for _, b := range w.blocks {
		n += b.rows
	}
	return n
}

// Encode puts the column of all blocks, one after the other: the nulls first, as the format has it.
func (w *wire) Encode(to *proto.Buffer) {
	if w.index == 0 {
		to.Buf = slices.Grow(to.Buf, w.size()) // once, for all columns: growing by doubling copies a load twice over
	}
	own := w.index - ownColumns
	if own >= 0 && !w.blocks[0].layout.fields[own].required {
		for _, b := range w.blocks {
			to.PutRaw(b.columns[own].nulls)
		}
	}
	for _, b := range w.blocks {
		to.PutRaw(b.bytes(w.index))
	}
}

// size is about how many bytes the blocks take, all columns and their names together.
func (w *wire) size() int {
	n := 4096
	for _, b := range w.blocks {
		for i := range ownColumns {
			n += len(b.bytes(i))
		}
		for i := range b.columns {
			n += len(b.columns[i].nulls) + len(b.columns[i].data)
		}
	}
	return n
}

// ownColumns is how many columns of the hub's own come before the items.
const ownColumns = 5

// bytes are the values of a column.
func (b *block) bytes(index int) []byte {
	switch index {
	case 0:
		return b.key
	case 1:
		return b.time
	case 2:
		return b.version
	case 3:
		return b.part
	case 4:
		return b.deleted
	}
	return b.columns[index-ownColumns].data
}
