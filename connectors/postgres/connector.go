package postgres

import (
	_ "embed" // the help text
	"encoding/json"

	"datarun/connectors"
)

//go:embed help.md
var help string

// Connector is the connector for PostgreSQL.
var Connector = connectors.Connector{
	Name:    "postgres",
	Summary: "tables and views of PostgreSQL and compatible databases",
	Title:   "PostgreSQL 及兼容数据库的表和视图",
	Help:    help,
	New: func(settings json.RawMessage) (connectors.Source, error) {
		return newSource(settings)
	},
}
