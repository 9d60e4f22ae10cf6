package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"datarun"
	"datarun/internal/app"
)

func newConfig(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Look at the configuration"}
	cmd.AddCommand(newConfigCheck(g))
	return cmd
}

func newConfigCheck(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Read the configuration, open every connection and say for each what works", Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := g.config()
		if err != nil {
			return err
		}
		lines := app.CheckConfig(cmd.Context(), c, quiet())
		rows, failed := [][]string{}, 0
		for _, l := range lines {
			rows = append(rows, []string{string(l.Level), l.Part, l.What, l.Detail})
			if l.Level == "fail" {
				failed++
			}
		}
		if err := out.list(cmd.OutOrStdout(), lines, []string{"", "part", "what", "detail"}, rows); err != nil {
			return err
		}
		if failed > 0 {
			return datarun.Errorf(datarun.Invalid, "config check", "%s", plural(failed, "part does", "parts do")+" not work")
		}
		return nil
	}
	return cmd
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
