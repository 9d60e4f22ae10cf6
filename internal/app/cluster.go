package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/broker"
	"datarun/internal/config"
)

// Addresses are where a running hub answers, kept in addresses.json below its data directory for the commands that
// speak to it.
type Addresses struct {
	Portal     string `json:"portal,omitempty"`
	Kafka      string `json:"kafka,omitempty"`
	ClickHouse string `json:"clickhouse,omitempty"`
	HTTP       string `json:"clickhouse_http,omitempty"`
}

// ReadAddresses returns where the hub with this data directory answers, or did when it last ran.
func ReadAddresses(data string) (Addresses, error) {
	var a Addresses
	b, err := os.ReadFile(filepath.Join(data, "addresses.json"))
	if err != nil {
		return a, datarun.Errorf(datarun.NotFound, "hub", "no hub has run with the data directory %s", data)
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, datarun.Errorf(datarun.Corrupt, "hub", "addresses.json: %w", err)
	}
	return a, nil
}

func writeAddresses(data string, a Addresses) error {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return datarun.Errorf(datarun.Internal, "hub", "%w", err)
	}
	if err := os.WriteFile(filepath.Join(data, "addresses.json"), append(b, '\n'), 0o600); err != nil {
		return datarun.Errorf(datarun.Unavailable, "hub", "%w", err)
	}
	return nil
}

// openCluster connects to Kafka. With no brokers configured it opens the embedded broker, and where another process has
// it open already, it speaks to that one when shared is allowed. stop closes what was opened.
func openCluster(ctx context.Context, cfg *config.Config, log *slog.Logger, shared bool) (c *exchange.Cluster, addr string, stop func(), err error) {
	ec := exchange.Config{
		Brokers: cfg.Kafka.Brokers, Partitions: cfg.Kafka.Partitions, Replication: cfg.Kafka.Replication,
		ClientID: "datarun-" + cfg.Hub, Log: log,
	}
	stopBroker := func() {}
	if len(cfg.Kafka.Brokers) > 0 {
		if ec.TLS, err = tlsConfig(cfg.Kafka.TLS); err != nil {
			return nil, "", nil, err
		}
		password, err := cfg.Kafka.SASL.Password.Reveal()
		if err != nil {
			return nil, "", nil, err
		}
		ec.SASL = exchange.SASL{Mechanism: cfg.Kafka.SASL.Mechanism, User: cfg.Kafka.SASL.User, Password: password}
	} else {
		var cred broker.Credentials
		if addr, cred, stopBroker, err = openBroker(cfg, log, shared); err != nil {
			return nil, "", nil, err
		}
		ec.Brokers, ec.Replication, ec.Embedded = []string{addr}, 1, true
		ec.SASL = exchange.SASL{Mechanism: cred.Mechanism, User: cred.User, Password: cred.Password}
	}
	if c, err = exchange.Open(ctx, ec); err != nil {
		stopBroker()
		return nil, "", nil, err
	}
	return c, addr, func() { _ = c.Close(); stopBroker() }, nil
}

func openBroker(cfg *config.Config, log *slog.Logger, shared bool) (string, broker.Credentials, func(), error) {
	dir := filepath.Join(cfg.Data, "kafka")
	_, portText, _ := net.SplitHostPort(cfg.Kafka.Listen)
	port, _ := strconv.Atoi(portText) // the configuration is validated
	b, err := broker.Open(dir, broker.Options{Port: port, Log: log})
	if err == nil {
		return b.Addr(), b.Credentials(), func() { _ = b.Close() }, nil
	}
	if datarun.KindOf(err) != datarun.Conflict || !shared {
		return "", broker.Credentials{}, nil, err
	}
	a, err := ReadAddresses(cfg.Data)
	if err != nil {
		return "", broker.Credentials{}, nil, err
	}
	cred, err := broker.ReadCredentials(dir)
	return a.Kafka, cred, func() {}, err
}

// tlsConfig builds the TLS of a cluster connection; nil when it is not enabled.
func tlsConfig(t config.TLS) (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, datarun.Errorf(datarun.Invalid, "tls", "%w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, datarun.Errorf(datarun.Invalid, "tls", "%s holds no certificate", t.CA)
		}
	}
	if t.Cert != "" {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, datarun.Errorf(datarun.Invalid, "tls", "%w", err)
		}
		out.Certificates = []tls.Certificate{cert}
	}
	return out, nil
}
