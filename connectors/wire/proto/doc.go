// Package proto is the generated code of the connector protocol, source.proto: what stands on the wire between the hub
// and a connector process. The protocol's own comments are the reference for authors in other languages.
//
// It guarantees: field and kind numbers are never reused. It does not: contain logic; package wire does.
package proto

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative source.proto
