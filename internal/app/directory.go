package app

import (
	"context"
	"log/slog"

	"datarun"
	"datarun/catalog"
	"datarun/exchange"
	"datarun/exchange/quarantine"
	"datarun/internal/config"
)

// directoryLog is the catalogue's log on Kafka: its interface over exchange.Log.
type directoryLog struct{ *exchange.Log }

// Append implements catalog.Log.
func (l directoryLog) Append(ctx context.Context, value []byte) (int64, error) {
	return l.Log.Append(ctx, value)
}

// openCatalog opens the shared directory on the cluster.
func openCatalog(ctx context.Context, c *exchange.Cluster) (*catalog.Catalog, error) {
	l, err := exchange.OpenLog(ctx, c, exchange.TopicCatalog)
	if err != nil {
		return nil, datarun.Wrap("catalogue", err)
	}
	cat, err := catalog.Open(ctx, directoryLog{l})
	return cat, datarun.Wrap("catalogue", err)
}

// Desk is what an operator's command works on: the directory and the quarantine, without the rest of a hub.
type Desk struct {
	Catalog *catalog.Catalog
	cluster *exchange.Cluster
	stop    func()
}

// OpenDesk opens the directory of the configured cluster. With the embedded broker it speaks to the running hub, or
// opens the log itself when none runs.
func OpenDesk(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Desk, error) {
	cluster, _, stop, err := openCluster(ctx, cfg, log, true)
	if err != nil {
		return nil, err
	}
	cat, err := openCatalog(ctx, cluster)
	if err != nil {
		stop()
		return nil, err
	}
	return &Desk{Catalog: cat, cluster: cluster, stop: stop}, nil
}

// Quarantine opens the quarantine.
func (d *Desk) Quarantine(ctx context.Context) (*quarantine.Store, error) {
	return quarantine.Open(ctx, d.cluster, quarantine.Config{})
}

// Close ends the desk's connections.
func (d *Desk) Close() { d.stop() }
