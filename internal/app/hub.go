package app

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"datarun"
	"datarun/catalog"
	"datarun/connectors/host"
	"datarun/exchange"
	"datarun/exchange/ledger"
	"datarun/exchange/positions"
	"datarun/exchange/quarantine"
	"datarun/internal/config"
	"datarun/warehouse"
	"datarun/warehouse/landing"
	"datarun/warehouse/lookup"
)

// Hub is a hub of one process, with the roles of its configuration.
type Hub struct {
	cfg    *config.Config
	log    *slog.Logger
	health health
	pulse  pulse
	meters *meters

	// Filled in the order of the stages; a stage uses what those before it filled.
	cluster   *exchange.Cluster
	catalog   *catalog.Catalog
	ledger    *ledger.Ledger
	positions *positions.Store
	intake    *intake
	flows     flows

	db         *warehouse.DB
	lander     *landing.Landing
	lookup     *lookup.Lookup
	subscriber *exchange.Subscriber

	mu        sync.Mutex
	addresses Addresses
	runners   map[string]*host.Runner // by source
}

// New makes a hub. It does no I/O.
func New(cfg *config.Config, log *slog.Logger) *Hub {
	h := &Hub{cfg: cfg, log: log, runners: map[string]*host.Runner{}}
	h.meters = newMeters(h)
	return h
}

// Run runs the hub until ctx ends, then stops it in order. ready, which may be nil, is called once when everything has
// started. It returns nil after an orderly stop.
func (h *Hub) Run(ctx context.Context, ready func(*Hub)) error {
	if err := os.MkdirAll(h.cfg.Data, 0o700); err != nil {
		return datarun.Errorf(datarun.Unavailable, "hub", "%w", err)
	}
	stages := []stage{{"exchange", h.runExchange}}
	if h.cfg.Has("land") || h.cfg.Has("portal") {
		stages = append(stages, stage{"warehouse", h.runWarehouse})
	}
	stages = append(stages, stage{"directory", h.runDirectory})
	if h.cfg.Has("land") {
		stages = append(stages, stage{"landing", h.runLanding})
	}
	if h.cfg.Has("connect") {
		stages = append(stages, stage{"connectors", h.runConnectors})
	}
	if h.cfg.Has("portal") {
		stages = append(stages, stage{"portal", h.runPortal})
	}
	stages = append(stages, stage{"hub", func(ctx context.Context, up func()) error {
		if err := writeAddresses(h.cfg.Data, h.Addresses()); err != nil {
			return err
		}
		if ready != nil {
			ready(h)
		}
		up()
		<-ctx.Done()
		return nil
	}})
	return runStages(ctx, h.log, h.cfg.Grace, stages)
}

// Addresses are where the hub answers.
func (h *Hub) Addresses() Addresses {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.addresses
}

// Catalog is the hub's directory; only after ready.
func (h *Hub) Catalog() *catalog.Catalog { return h.catalog }

func (h *Hub) address(set func(*Addresses)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	set(&h.addresses)
}

// runExchange opens Kafka, embedded or not, and everything that is kept in it.
func (h *Hub) runExchange(ctx context.Context, ready func()) error {
	cluster, addr, stop, err := openCluster(ctx, h.cfg, h.log, false)
	if err != nil {
		return err
	}
	defer stop()
	h.cluster = cluster
	h.address(func(a *Addresses) { a.Kafka = addr })
	if h.catalog, err = openCatalog(ctx, cluster); err != nil {
		return err
	}
	if h.ledger, err = ledger.Open(ctx, cluster, h.cfg.Hub); err != nil {
		return err
	}
	if h.positions, err = positions.Open(ctx, cluster); err != nil {
		return err
	}
	store, err := quarantine.Open(ctx, cluster, quarantine.Config{})
	if err != nil {
		return err
	}
	h.intake = &intake{flows: &h.flows, quarantine: store, publisher: exchange.NewPublisher(cluster, exchange.PublisherConfig{})}
	ready()
	<-ctx.Done()
	return nil
}
