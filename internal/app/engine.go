package app

import (
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"datarun/internal/config"
	"datarun/warehouse/engine"
)

// EngineConfig says how the configuration wants the embedded engine.
func EngineConfig(cfg *config.Config, log *slog.Logger) engine.Config {
	return engine.Config{
		Dir: filepath.Join(cfg.Data, "clickhouse"), Program: cfg.ClickHouse.Engine,
		TCPPort: port(cfg.ClickHouse.Listen), HTTPPort: port(cfg.ClickHouse.HTTP),
		Memory: int64(cfg.ClickHouse.Memory), Logger: log,
	}
}

// port is the port of a validated host:port.
func port(address string) int {
	_, text, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(text)
	return n
}

// isLoopback reports whether host:port is for this machine only.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
