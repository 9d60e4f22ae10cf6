package cli

import (
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"datarun/internal/app"
)

func newServe(g *global) *cobra.Command {
	var roles []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the hub",
		Long: `Run the hub until it is interrupted.

--roles splits it over machines: connect reads the sources, land takes Kafka to ClickHouse, portal serves HTTP.
A split hub needs kafka.brokers and clickhouse.addresses.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.config()
			if err != nil {
				return err
			}
			if len(roles) > 0 {
				if err := c.SetRoles(roles); err != nil {
					return err
				}
			}
			log := logger(c)
			tuneMemory(320 << 20)
			return app.New(c, log).Run(cmd.Context(), func(h *app.Hub) {
				a := h.Addresses()
				log.Info("hub is up", "hub", c.Hub, "roles", c.Roles, "portal", a.Portal, "kafka", a.Kafka, "clickhouse", a.ClickHouse)
			})
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "connect, land, portal; default: the configuration's")
	return cmd
}

// tuneMemory lets the heap grow further between collections than Go does by itself, since most of what the hub holds
// lives for one batch, and bounds it softly at limit bytes instead. GOGC and GOMEMLIMIT win.
func tuneMemory(limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
