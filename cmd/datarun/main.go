// Command datarun is the exchange hub of a city: one binary, many roles. See the README.
package main

import (
	"os"

	"datarun/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
