package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"datarun/warehouse/engine"
)

func newEngine() *cobra.Command {
	cmd := &cobra.Command{Use: "engine", Short: "The embedded ClickHouse engine"}
	cmd.AddCommand(&cobra.Command{
		Use: "fetch", Short: "Fetch the engine with npm, once, unless the machine has one", Args: cobra.NoArgs,
		Long: "Fetch the pinned ClickHouse engine with npm into the user's cache, once, and check it. A clickhouse on the PATH, or one named by " + engine.EnvProgram + ", is used instead.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newProgress()
			found, err := engine.FindOrFetch(cmd.Context(), "", func(at engine.Progress) {
				p.show("engine: %s %d of %d MB", at.Step, at.Done>>20, at.All>>20)
			})
			p.done()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), found.Path)
			return err
		},
	})
	return cmd
}
