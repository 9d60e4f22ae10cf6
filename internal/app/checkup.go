package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"datarun/connectors"
	"datarun/connectors/host"
	"datarun/internal/config"
	"datarun/warehouse"
	"datarun/warehouse/engine"
)

// CheckLine is one line of `datarun config check`.
type CheckLine struct {
	Level  connectors.Level `json:"level"`
	Part   string           `json:"part"` // kafka, clickhouse, portal, "source NAME"
	What   string           `json:"what"`
	Detail string           `json:"detail"`
}

// CheckConfig opens every connection of a configuration and says for each what works. It changes nothing at the systems;
// the embedded broker's directory is made when there is none.
func CheckConfig(ctx context.Context, cfg *config.Config, log *slog.Logger) []CheckLine {
	lines := []CheckLine{checkKafka(ctx, cfg, log), checkClickHouse(ctx, cfg), checkPortal(cfg)}
	for i := range cfg.Sources {
		lines = append(lines, checkSource(ctx, &cfg.Sources[i], log)...)
	}
	return lines
}

func line(level connectors.Level, part, what, format string, args ...any) CheckLine {
	return CheckLine{Level: level, Part: part, What: what, Detail: fmt.Sprintf(format, args...)}
}

func checkKafka(ctx context.Context, cfg *config.Config, log *slog.Logger) CheckLine {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	where := fmt.Sprint(cfg.Kafka.Brokers)
	if len(cfg.Kafka.Brokers) == 0 {
		where = "embedded broker"
	}
	_, _, stop, err := openCluster(ctx, cfg, log, true)
	if err != nil {
		return line(connectors.Fail, "kafka", "connect", "%s: %v", where, err)
	}
	stop()
	return line(connectors.Pass, "kafka", "connect", "%s answers", where)
}

func checkClickHouse(ctx context.Context, cfg *config.Config) CheckLine {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if len(cfg.ClickHouse.Addresses) == 0 {
		p, err := engine.Find(cfg.ClickHouse.Engine)
		if err != nil {
			return line(connectors.Warn, "clickhouse", "engine", "%v", err)
		}
		return line(connectors.Pass, "clickhouse", "engine", "embedded: %s", p.Path)
	}
	access, err := clickhouseAccess(cfg)
	if err != nil {
		return line(connectors.Fail, "clickhouse", "settings", "%v", err)
	}
	db, err := warehouse.Open(ctx, access)
	if err != nil {
		return line(connectors.Fail, "clickhouse", "connect", "%v: %v", cfg.ClickHouse.Addresses, err)
	}
	defer db.Close()
	return line(connectors.Pass, "clickhouse", "connect", "%v answers", cfg.ClickHouse.Addresses)
}

// checkPortal warns about plain HTTP that other machines can reach.
func checkPortal(cfg *config.Config) CheckLine {
	if cfg.Portal.Cert == "" && !isLoopback(cfg.Portal.Listen) {
		return line(connectors.Warn, "portal", "tls", "%s serves plain HTTP beyond this machine: API keys travel in clear; set portal.cert and portal.key, or put a TLS proxy before it", cfg.Portal.Listen)
	}
	return line(connectors.Pass, "portal", "listen", "%s", cfg.Portal.Listen)
}

func checkSource(ctx context.Context, src *config.Source, log *slog.Logger) []CheckLine {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	part := "source " + src.Name
	plan, err := SourcePlan(src, nil)
	if err != nil {
		return []CheckLine{line(connectors.Fail, part, "settings", "%v", err)}
	}
	plan.Command.Log = log
	process, err := host.Launch(ctx, plan.Command)
	if err != nil {
		return []CheckLine{line(connectors.Fail, part, "start", "%v", err)}
	}
	defer process.Close()
	source, err := process.Configure(ctx, plan.Settings)
	if err != nil {
		return []CheckLine{line(connectors.Fail, part, "settings", "%v", err)}
	}
	var streams []connectors.Stream
	for _, s := range plan.Streams {
		streams = append(streams, s.Stream)
	}
	report, err := source.Check(ctx, streams)
	if err != nil {
		return []CheckLine{line(connectors.Fail, part, "check", "%v", err)}
	}
	var out []CheckLine
	for _, f := range report.Findings {
		what := f.What
		if f.Stream != "" {
			what = f.Stream + ": " + f.What
		}
		out = append(out, CheckLine{Level: f.Level, Part: part, What: what, Detail: f.Detail})
	}
	return out
}
