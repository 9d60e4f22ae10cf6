package wire_test

import (
	"datarun/connectors"
	"datarun/connectors/wire"
)

// tax stands for a package of a third party.
var tax = struct{ Connector connectors.Connector }{}

// The whole main of a connector.
func ExampleServe() {
	wire.Serve(tax.Connector)
}
