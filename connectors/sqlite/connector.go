package sqlite

import (
	_ "embed" // the help text
	"encoding/json"

	"datarun/connectors"
)

//go:embed help.md
var help string

// Connector is the connector for SQLite.
var Connector = connectors.Connector{
	Name:    "sqlite",
	Summary: "tables and views of an SQLite database file",
	Title:   "SQLite 数据库文件的表和视图",
	Help:    help,
	New: func(settings json.RawMessage) (connectors.Source, error) {
		return newSource(settings)
	},
}
