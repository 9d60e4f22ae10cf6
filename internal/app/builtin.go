package app

import (
	"datarun/connectors"
	"datarun/connectors/files"
	"datarun/connectors/mysql"
	"datarun/connectors/postgres"
	"datarun/connectors/restapi"
	"datarun/connectors/sqlite"
)

// Builtin are the connectors that are part of the binary, by name. A new one is a folder of its own and a line here.
var Builtin = []connectors.Connector{
	files.Connector,
	mysql.Connector,
	postgres.Connector,
	restapi.Connector,
	sqlite.Connector,
}

// FindBuiltin returns the built-in connector of that name.
func FindBuiltin(name string) (connectors.Connector, bool) {
	for _, c := range Builtin {
		if c.Name == name {
			return c, true
		}
	}
	return connectors.Connector{}, false
}
