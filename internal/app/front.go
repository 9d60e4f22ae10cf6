package app

import (
	"context"

	"golang.org/x/sync/errgroup"

	"datarun/exchange"
	"datarun/portal"
	"datarun/portal/api"
	"datarun/portal/auth"
)

// topicIdempotency keeps the answers of pushes under the keys that their callers chose.
const topicIdempotency = "datarun.idempotency"

// runPortal serves HTTP: step 9 and 10 of a record's path.
func (h *Hub) runPortal(ctx context.Context, ready func()) error {
	table, err := exchange.OpenTable(ctx, h.cluster, topicIdempotency)
	if err != nil {
		return err
	}
	d, memory := door{h}, idempotency{table}
	handler, err := portal.New(portal.Config{
		API: api.Config{
			Directory: d, Grants: d, Publisher: d, Reader: d, Ledger: ledgerDoor{h}, Readiness: readiness{h},
			Idempotency: memory, Authenticator: auth.New(d, auth.Limits{}), Limits: api.Limits{Body: int64(h.cfg.Portal.MaxBody)},
		},
		Metrics: h.meters.handler(), Log: h.log,
	})
	if err != nil {
		return err
	}
	p := h.cfg.Portal
	server, err := portal.Open(ctx, portal.ServerConfig{
		Listen: p.Listen, CertFile: p.Cert, KeyFile: p.Key, ClientCAFile: p.ClientCA, Handler: handler, Log: h.log, StopWithin: h.cfg.Grace,
	})
	if err != nil {
		return err
	}
	h.address(func(a *Addresses) { a.Portal = server.Addr().String() })
	ready()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return server.Run(ctx) })
	g.Go(func() error { return memory.sweep(ctx) })
	return g.Wait()
}
