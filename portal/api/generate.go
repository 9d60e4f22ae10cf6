package api

//go:generate go test -run ^TestDocument$ . -update
