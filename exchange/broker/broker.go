package broker

import (
	"log/slog"

	"datarun"
)

// Options set how a broker runs. The zero value of a field means its default.
type Options struct {
	Port int          // on 127.0.0.1; 0: chosen by the system
	Log  *slog.Logger // default: discard
}

// Credentials are what a client needs to log in.
type Credentials struct {
	Mechanism string // "PLAIN" or "SCRAM-SHA-256", as in exchange.SASL
	User      string
	Password  string
}

// Broker is a running broker.
type Broker struct{}

// Open starts a broker on the data directory dir, which is made when it is not there (mode 0700). A directory that
// another process has open is a Conflict.
func Open(dir string, o Options) (*Broker, error) {
	return nil, datarun.Errorf(datarun.Internal, "broker", "not built yet")
}

// Addr returns host:port of the listener.
func (b *Broker) Addr() string { return "" }

// Credentials returns what clients log in with.
func (b *Broker) Credentials() Credentials { return Credentials{} }

// Close stops the broker and closes its files. Clients should have ended before.
func (b *Broker) Close() error { return nil }
