package cli

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"datarun/internal/demo"
)

func newDemo() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "demo", Short: "Run a synthetic city: five departments and a hub on embedded engines", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newProgress()
			return demo.Run(cmd.Context(), demo.Options{
				Dir: dir, Out: cmd.OutOrStdout(), Progress: p.show,
				Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
			})
		},
	}
	cmd.PersistentFlags().StringVar(&dir, "dir", "demo-data", "folder of the city")
	cmd.AddCommand(&cobra.Command{
		Use: "sql STATEMENT", Short: "Run a statement at the housing bureau's database of a running demo", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := demo.Exec(cmd.Context(), dir, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), plural(int(n), "row", "rows")+" changed")
			return err
		},
	})
	return cmd
}
