package schema

import (
	"fmt"
	"strings"

	"datarun"
)

func (p Place) name(object string) string { return p.Database + "." + object }

func (p Place) onCluster() string {
	if p.Cluster == "" {
		return ""
	}
	return " ON CLUSTER " + p.Cluster
}

func (c Column) definition() string {
	if c.Comment == "" {
		return Quote(c.Name) + " " + c.Type
	}
	return Quote(c.Name) + " " + c.Type + " COMMENT " + text(c.Comment)
}

// engine is the table engine. With a cluster, the path is fixed by the name of the table, so that a table dropped and
// made again on one replica finds its history.
func (p Place) engine(table string) string {
	args := VersionColumn + ", " + DeletedColumn
	if p.Cluster == "" {
		return "ReplacingMergeTree(" + args + ")"
	}
	return fmt.Sprintf("ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/%s/%s', '{replica}', %s)", p.Database, table, args)
}

// ownColumns are the hub's own. The time and partition of neighbouring rows are close to each other or equal.
var ownColumns = []string{
	KeyColumn + " String",
	TimeColumn + " DateTime64(3, 'UTC')",
	VersionColumn + " UInt64",
	PartitionColumn + " UInt16",
	DeletedColumn + " UInt8",
}

// createTable: the two fsync settings are what lets the offset be committed after an insert returned; without them a
// power cut loses rows that the log is told to be safe.
func createTable(r *datarun.Resource, columns []Column, place Place) string {
	var b strings.Builder
	name := Table(r.Code)
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s%s\n(\n", place.name(name), place.onCluster())
	for _, c := range ownColumns {
		fmt.Fprintf(&b, "    %s,\n", c)
	}
	for i, c := range columns {
		b.WriteString("    " + c.definition())
		if i < len(columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, ")\nENGINE = %s\nORDER BY %s\n", place.engine(name), KeyColumn)
	fmt.Fprintf(&b, "SETTINGS index_granularity = %d, min_compress_block_size = %d, fsync_after_insert = 1, fsync_part_directory = 1\n", Granularity, CompressBlock)
	fmt.Fprintf(&b, "COMMENT %s", text(tableComment(r)))
	return b.String()
}

// viewColumns are the columns of the view: the items and the as-of time.
func viewColumns(columns []Column) []Column {
	return append(append([]Column{}, columns...), Column{Name: TimeColumn, Type: "DateTime64(3, 'UTC')", Comment: "数据时间"})
}

// viewComment is the view's comment, what people see in their tools.
func viewComment(r *datarun.Resource) string { return r.Name + " " + string(r.Code) }

// createView makes the view of the current rows. It reads with the right of whoever made it, so that a person can be
// granted the view without the table of versions and deleted rows behind it.
func createView(r *datarun.Resource, columns []Column, place Place) string {
	var b strings.Builder
	shown := viewColumns(columns)
	fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s%s\n(\n", place.name(View(r.Code)), place.onCluster())
	for i, c := range shown {
		b.WriteString("    " + c.definition())
		if i < len(shown)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString(")\nDEFINER = CURRENT_USER SQL SECURITY DEFINER\nAS SELECT ")
	for i, c := range shown {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Quote(c.Name))
	}
	fmt.Fprintf(&b, "\nFROM %s FINAL\nCOMMENT %s", place.name(Table(r.Code)), text(viewComment(r)))
	return b.String()
}
