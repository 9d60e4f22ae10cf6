package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"datarun"
	"datarun/internal/config"
	"datarun/warehouse/engine"
)

// DefaultConfig is the configuration file that commands read when none is named.
const DefaultConfig = "datarun.yaml"

// Main runs the command line with args, without the program's name, and returns the exit code.
func Main(args []string) int {
	if len(args) > 0 && args[0] == engine.HostCommand {
		return engine.Main(args[1:]) // not a command of people: no flags, no signals of ours
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := newRoot()
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 130
	}
	fmt.Fprintln(os.Stderr, "datarun:", err)
	return exitCode(err)
}

// global are the flags of every command.
type global struct{ file string }

func newRoot() *cobra.Command {
	g := &global{}
	root := &cobra.Command{
		Use:   "datarun",
		Short: "The exchange hub of a city: share a record once, look it up everywhere (政务数据共享交换枢纽)",
		Long: `datarun connects the systems of a city's departments, publishes their records to a shared
directory over Kafka, and lands them in ClickHouse for lookup.

Exit codes: 0 done, 1 a bug, 2 wrong usage, 3 invalid input, 4 not found or not allowed,
5 conflict, 6 a system is away, 7 stored bytes do not add up, 130 interrupted.`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.PersistentFlags().StringVarP(&g.file, "config", "c", DefaultConfig, "configuration file")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newServe(g), newDemo(), newConnector(g), newCatalog(g), newLookup(g), newQuarantine(g), newConfig(g), newEngine(), newVersion())
	wrapArgs(root)
	return root
}

// wrapArgs makes every complaint about arguments, and about flags that exclude each other, a usage error, and a group of
// commands called without one print help.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%s: %w; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())}
			}
			if err := cmd.ValidateFlagGroups(); err != nil {
				return usageError{err}
			}
			return nil
		}
	} else if cmd.HasSubCommands() {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("%s: unknown command %q; see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
			}
			return nil
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// config reads the configuration file. Without a file of the default name the defaults hold.
func (g *global) config() (*config.Config, error) {
	c, err := config.Load(g.file)
	if err != nil && g.file == DefaultConfig && datarun.KindOf(err) == datarun.NotFound {
		return config.LoadDefault(), nil
	}
	return c, err
}

// logger writes to standard error, as the configuration says.
func logger(c *config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // validated
	opts := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

// quiet is the logger of commands that are not the hub: warnings and worse.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
