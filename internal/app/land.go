package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/quarantine"
	"datarun/internal/config"
	"datarun/warehouse"
	"datarun/warehouse/engine"
	"datarun/warehouse/landing"
	"datarun/warehouse/lookup"
)

// A hub has memory for larger inserts than landing takes by itself: fewer parts for the server to merge.
const (
	landRows  = 400_000
	landBytes = 192 << 20
)

// landingGroup is the consumer group of the hubs that land.
const landingGroup = "datarun.landing"

// runWarehouse connects to ClickHouse, or runs the embedded engine and connects to that.
func (h *Hub) runWarehouse(ctx context.Context, ready func()) error {
	if len(h.cfg.ClickHouse.Addresses) > 0 {
		access, err := clickhouseAccess(h.cfg)
		if err != nil {
			return err
		}
		return h.withWarehouse(ctx, access, ready)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	up := make(chan *engine.Engine, 1)
	g, gctx := errgroup.WithContext(ctx)
	stopped, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g.Go(func() error {
		return engine.Run(stopped, h.engineConfig(), func(e *engine.Engine) {
			select {
			case up <- e:
			default: // a later start has the same address
			}
		})
	})
	g.Go(func() error {
		defer stop() // the engine goes after the pool
		select {
		case e := <-up:
			h.address(func(a *Addresses) { a.ClickHouse, a.HTTP = e.Addr(), e.HTTPAddr() })
			access := e.Access()
			access.Database = h.cfg.ClickHouse.Database
			return h.withWarehouse(gctx, access, ready)
		case <-gctx.Done():
			return nil
		}
	})
	return g.Wait()
}

// withWarehouse opens the pool and what works on it, and holds them until ctx ends.
func (h *Hub) withWarehouse(ctx context.Context, access warehouse.Config, ready func()) error {
	access.Logger = h.log
	db, err := warehouse.Open(ctx, access)
	if err != nil {
		return err
	}
	defer db.Close()
	h.db = db
	h.lookup = lookup.New(db, lookup.Options{})
	h.lander = landing.New(db, landing.Options{Rows: landRows, Bytes: landBytes, Refuse: h.refuse, Logger: h.log})
	if h.cfg.Has("land") {
		h.subscriber = exchange.NewSubscriber(h.cluster, exchange.SubscriberConfig{
			Group: landingGroup, InFlight: int(h.cfg.Kafka.Buffer), OnFault: h.logFault,
			Session: 6 * time.Second, // Kafka's least: after a crash nothing lands until it has passed
		})
	}
	ready()
	<-ctx.Done()
	return nil
}

// runLanding takes envelopes off Kafka and lands them: steps 6 to 8 of a record's path.
func (h *Hub) runLanding(ctx context.Context, ready func()) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.lander.Run(ctx) })
	g.Go(func() error { return h.subscriber.Run(ctx, h.lander.Accept) })
	ready()
	return g.Wait()
}

// refuse parks a message that cannot be a row; a foreign writer put it on the topic.
func (h *Hub) refuse(ctx context.Context, code datarun.ResourceCode, _ uint16, _ int, m datarun.Message, fault datarun.Fault) error {
	return h.intake.quarantine.Park(ctx, []quarantine.Parked{{Resource: code, Source: "kafka", Fault: fault, Raw: m.Value}})
}

// logFault shows a partition that stands still.
func (h *Hub) logFault(topic string, partition int, err error) {
	h.log.Error("partition stands still", "topic", topic, "partition", partition, "err", err)
	h.health.set("topic "+topic, err)
}

func (h *Hub) engineConfig() engine.Config { return EngineConfig(h.cfg, h.log) }

func clickhouseAccess(cfg *config.Config) (warehouse.Config, error) {
	password, err := cfg.ClickHouse.Password.Reveal()
	if err != nil {
		return warehouse.Config{}, err
	}
	tls, err := tlsConfig(cfg.ClickHouse.TLS)
	return warehouse.Config{
		Addr: cfg.ClickHouse.Addresses, User: cfg.ClickHouse.User, Password: warehouse.Secret(password),
		Database: cfg.ClickHouse.Database, Cluster: cfg.ClickHouse.Cluster, TLS: tls,
	}, err
}
