package mysql

import (
	_ "embed" // the help text
	"encoding/json"

	"datarun/connectors"
)

//go:embed help.md
var help string

// Connector is the connector for MySQL and MariaDB.
var Connector = connectors.Connector{
	Name:    "mysql",
	Summary: "tables and views of MySQL and MariaDB",
	Title:   "MySQL、MariaDB 的表和视图",
	Help:    help,
	New: func(settings json.RawMessage) (connectors.Source, error) {
		return newSource(settings)
	},
}
