package demo

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"datarun"
	"datarun/catalog"
	"datarun/internal/app"
	"datarun/internal/config"
	"datarun/portal/auth"
)

//go:embed catalog/*.yaml
var documents embed.FS

// Options say how the demo runs.
type Options struct {
	Dir string    // where everything is kept; required
	Out io.Writer // what a person sees
	// Progress shows a line that is written over; nil shows none.
	Progress func(format string, args ...any)
	Log      *slog.Logger
	// Loaded, which may be nil, is called once when every record has arrived.
	Loaded func()
}

// City is a running demo.
type City struct {
	Options
	places
	postgres *postgresServer
	hub      *app.Hub
}

// Run runs the city until ctx ends, and stops it clean.
func Run(ctx context.Context, o Options) error {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return datarun.Errorf(datarun.Invalid, "demo", "%w", err)
	}
	c := &City{Options: o, places: places{dir: dir}}
	if c.Progress == nil {
		c.Progress = func(string, ...any) {}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	// The department systems end after the hub that reads them.
	systems, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := c.startSystems(ctx, systems); err != nil {
		return err
	}
	defer func() {
		if c.postgres != nil {
			c.postgres.stop()
		}
	}()
	path, err := c.writeConfig()
	if err != nil {
		return err
	}
	if err := os.Setenv("DATARUN_DEMO_TOKEN", restToken); err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	return app.New(cfg, o.Log).Run(ctx, func(h *app.Hub) {
		c.hub = h
		go c.direct(ctx, cfg)
	})
}

// startSystems makes and starts the five departments' systems.
func (c *City) startSystems(ctx, life context.Context) (err error) {
	began := time.Now()
	if err := os.MkdirAll(c.path("police"), 0o755); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	c.housing = database{"sqlite", c.path("housing.db")}
	c.postgres, err = startPostgres(ctx, c.path("housing-pg"))
	switch datarun.KindOf(err) {
	case datarun.NotFound:
		c.postgres = nil
	default:
		if err != nil {
			return err
		}
		c.housing = database{"pgx", c.postgres.dsn()}
	}
	c.market = database{"sqlite", c.path("market.db")}
	if err := c.note(); err != nil {
		return err
	}
	made, err := c.housing.fill(ctx, &houses, &permits)
	if err != nil {
		return err
	}
	more, err := c.market.fill(ctx, &firms)
	if err != nil {
		return err
	}
	if c.rest, err = startREST(life, &allowances); err != nil {
		return err
	}
	if made+more > 0 {
		if err := c.dropFiles(); err != nil {
			return err
		}
		fmt.Fprintf(c.Out, "made a synthetic city of five departments in %s\n", time.Since(began).Round(100*time.Millisecond))
	}
	return nil
}

// dropFiles puts public security's files into its drop folder, once.
func (c *City) dropFiles() error {
	if err := dropCSV(c.path("police"), "residents-2026.csv", &residents); err != nil {
		return err
	}
	return dropWorkbook(c.path("police"), "stays-2026.xlsx", &stays)
}

// direct does what people would: registers the directory, hands out keys, lets the province push, and tells the
// newcomer what to try. What fails is shown; the hub goes on.
func (c *City) direct(ctx context.Context, cfg *config.Config) {
	err := c.register(ctx)
	if err == nil {
		err = c.pushAll(ctx)
	}
	if err == nil {
		err = c.watch(ctx)
	}
	if err == nil {
		c.invite(cfg)
		if c.Loaded != nil {
			c.Loaded()
		}
	} else if ctx.Err() == nil {
		fmt.Fprintln(c.Out, "demo:", err)
	}
}

// register applies the directory's documents and makes API keys for the province and the window, where there are none.
func (c *City) register(ctx context.Context) error {
	var docs catalog.Docs
	for _, name := range []string{"agencies", "resources", "grants"} {
		data, err := documents.ReadFile("catalog/" + name + ".yaml")
		if err != nil {
			return datarun.Errorf(datarun.Internal, "demo", "%w", err)
		}
		more, err := catalog.Parse(name+".yaml", data)
		if err != nil {
			return err
		}
		docs = append(docs, more...)
	}
	cat := c.hub.Catalog()
	diff, err := catalog.Diff(cat.Snapshot(), docs)
	if err != nil {
		return err
	}
	if changes := diff.Changes(); len(changes) > 0 {
		if _, err := cat.Apply(ctx, "demo", changes...); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.path("keys"), 0o700); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	for name, agency := range map[string]datarun.AgencyCode{"province": province, "window": window} {
		if err := c.makeKey(ctx, name, agency); err != nil {
			return err
		}
	}
	return nil
}

// makeKey makes an agency's API key and keeps it in keys/NAME.
func (c *City) makeKey(ctx context.Context, name string, agency datarun.AgencyCode) error {
	path := c.path("keys", name)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, digest := auth.NewKey()
	if _, err := c.hub.Catalog().Apply(ctx, "demo", catalog.AddKey(agency, catalog.AnyVersion, digest)); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	return nil
}

// watch shows the progress until every record of the city has landed or lies in quarantine.
func (c *City) watch(ctx context.Context) error {
	want := 0
	for _, t := range allTables {
		want += t.rows
	}
	began := time.Now()
	for {
		landed, quarantined, err := c.hub.Settled(ctx)
		if err != nil {
			return err
		}
		c.Progress("%d of %d records looked up or parked: %d current rows, %d in quarantine, %s", landed+quarantined, want, landed, quarantined, time.Since(began).Round(time.Second))
		if landed+quarantined >= want {
			c.Progress("")
			fmt.Fprintf(c.Out, "%d records of %d resources can be looked up; %d broken ones are in quarantine\n", landed, len(allTables), quarantined)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// invite prints where things are and what to try.
func (c *City) invite(cfg *config.Config) {
	a := c.hub.Addresses()
	conf := filepath.Join(c.Dir, "datarun.yaml")
	keyFile := filepath.Join(c.Dir, "keys", "window")
	house := houses.row(0)
	lookup := fmt.Sprintf("bin/datarun lookup -c %s --key-file %s --purpose 不动产登记 --case EZ-2026-0001 306001/000001 %s", conf, keyFile, house[0])
	fmt.Fprintf(c.Out, `
  HTTP API     http://%s/docs
  metrics      http://%s/metrics
  Kafka        %s (embedded, data in %s)
  ClickHouse   %s, http://%s (embedded)
  drop folder  %s

Try, in another terminal:

  1. look a house up, as a window would
     %s

  2. change its owner in the housing bureau's own database, and look again: the answer changes within a second
     bin/datarun demo sql --dir %s "UPDATE house SET owner_name = '张新主', updated_at = CURRENT_TIMESTAMP WHERE house_no = '%s'"

  3. see what was refused, and why
     bin/datarun quarantine list -c %s

Ctrl-C stops it; the same command goes on where it was.
`, a.Portal, a.Portal, a.Kafka, filepath.Join(cfg.Data, "kafka"), a.ClickHouse, a.HTTP, c.path("police"), lookup, c.Dir, house[0], conf)
}

var allTables = []*table{&houses, &permits, &firms, &allowances, &residents, &stays, &insured}
