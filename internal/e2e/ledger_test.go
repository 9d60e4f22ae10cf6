package e2e

import (
	"context"

	"datarun/exchange"
	"datarun/exchange/broker"
	"datarun/exchange/ledger"
	"datarun/internal/app"
)

// ledger reads the hub's ledger off Kafka, as an auditor would, and walks its chain.
func (h *hub) ledger() (entries []ledger.Entry, report ledger.Report) {
	h.t.Helper()
	ctx := context.Background()
	config := exchange.Config{Brokers: h.brokers}
	if len(h.brokers) == 0 {
		a, err := app.ReadAddresses(h.path("data"))
		if err != nil {
			h.t.Fatal(err)
		}
		cred, err := broker.ReadCredentials(h.path("data", "kafka"))
		if err != nil {
			h.t.Fatal(err)
		}
		config.Brokers = []string{a.Kafka}
		config.SASL = exchange.SASL{Mechanism: cred.Mechanism, User: cred.User, Password: cred.Password}
	}
	cluster, err := exchange.Open(ctx, config)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = cluster.Close() }()
	books, err := ledger.Open(ctx, cluster, "auditor")
	if err == nil {
		err = books.Read(ctx, 0, func(_ int64, e ledger.Entry) error {
			entries = append(entries, e)
			return nil
		})
	}
	if err == nil {
		report, err = books.Verify(ctx)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return entries, report
}
