package schema

import (
	"strings"

	"datarun"
)

// The hub's own columns, beside the items.
const (
	KeyColumn       = "_key"       // record key, see datarun.JoinKey
	TimeColumn      = "_time"      // as-of time: when the hub published the record
	VersionColumn   = "_version"   // see datarun.Version
	PartitionColumn = "_partition" // of the topic
	DeletedColumn   = "_deleted"   // 1 in a tombstone
)

// Table is the name of the resource's table of versions: r_306001_000001 for 306001/000001. A new generation of the
// topic goes into the same table: the generation is the high part of the version. Codes have no underscore, so no two
// share a name.
func Table(code datarun.ResourceCode) string {
	return "r_" + strings.ReplaceAll(string(code), "/", "_")
}

// View is the name of the resource's view of the current rows: v_306001_000001 for 306001/000001.
func View(code datarun.ResourceCode) string { return "v_" + strings.ReplaceAll(string(code), "/", "_") }

// Quote quotes an identifier.
func Quote[T ~string](name T) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(string(name)) + "`"
}

// text quotes a string literal.
func text(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s) + "'"
}
