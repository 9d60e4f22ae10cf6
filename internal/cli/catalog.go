package cli

import (
	"fmt"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"datarun"
	"datarun/catalog"
	"datarun/internal/app"
	"datarun/portal/auth"
)

func newCatalog(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "catalog", Short: "Work on the shared directory (政务数据目录)"}
	cmd.AddCommand(newCatalogApply(g), newCatalogShow(g), newCatalogList(g), newCatalogHistory(g), newCatalogVerify(g), newCatalogKey(g))
	return cmd
}

// withCatalog opens the directory of the configured hub.
func withCatalog(cmd *cobra.Command, g *global, fn func(*catalog.Catalog) error) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	desk, err := app.OpenDesk(cmd.Context(), c, quiet())
	if err != nil {
		return err
	}
	defer desk.Close()
	return fn(desk.Catalog)
}

// author is who answers for a change made on the command line.
func author() string {
	if u, err := user.Current(); err == nil {
		return "cli/" + u.Username
	}
	return "cli"
}

func newCatalogApply(g *global) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "apply FILE…", Short: "Bring the directory to what YAML files say, all or nothing", Args: cobra.MinimumNArgs(1),
		Long: "Show how the directory differs from the files, then apply all of it as one change, or nothing. What the files do not mention stays as it is.",
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show the difference")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		docs, err := catalog.ParseFiles(args...)
		if err != nil {
			return err
		}
		return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
			w := cmd.OutOrStdout()
			diff, err := catalog.Diff(cat.Snapshot(), docs)
			if shown := diff.WriteText(w); err == nil {
				err = shown
			}
			if err != nil {
				return err
			}
			changes := diff.Changes()
			if dry || len(changes) == 0 {
				return nil
			}
			res, err := cat.Apply(cmd.Context(), author(), changes...)
			if err != nil {
				return err
			}
			for _, warning := range res.Warnings {
				fmt.Fprintln(os.Stderr, "warning:", warning)
			}
			_, err = fmt.Fprintf(w, "applied %s as change %d\n", plural(len(changes), "document", "documents"), res.Seq)
			return err
		})
	}
	return cmd
}

func newCatalogList(g *global) *cobra.Command {
	var agencies, grants bool
	cmd := &cobra.Command{Use: "list", Short: "List resources, or agencies, or grants", Args: cobra.NoArgs}
	out := outputFlag(cmd)
	cmd.Flags().BoolVar(&agencies, "agencies", false, "list agencies")
	cmd.Flags().BoolVar(&grants, "grants", false, "list grants")
	cmd.MarkFlagsMutuallyExclusive("agencies", "grants")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
			snap, rows := cat.Snapshot(), [][]string{}
			switch {
			case agencies:
				for _, m := range snap.Agencies() {
					rows = append(rows, []string{string(m.Code), m.Name, string(m.Division), fmt.Sprint(len(m.Keys)), fmt.Sprint(m.Version)})
				}
				return out.list(cmd.OutOrStdout(), whole(snap.Agencies()), []string{"code", "name", "division", "keys", "version"}, rows)
			case grants:
				all := snap.Grants(nil)
				for _, p := range all {
					rows = append(rows, []string{string(p.ID), string(p.Agency), string(p.Resource), p.From, p.Until, fmt.Sprint(p.Revoked), p.Purpose})
				}
				return out.list(cmd.OutOrStdout(), whole(all), []string{"id", "agency", "resource", "from", "until", "revoked", "purpose"}, rows)
			}
			for _, e := range snap.Resources() {
				provider := string(e.Provider)
				if m, ok := snap.Agency(e.Provider); ok {
					provider = m.Name
				}
				rows = append(rows, []string{string(e.Code), e.Name, provider, shareTitles[e.Share], fmt.Sprint(len(e.Items)), fmt.Sprint(e.Version)})
			}
			return out.list(cmd.OutOrStdout(), whole(snap.Resources()), []string{"code", "name", "provider", "share", "items", "version"}, rows)
		})
	}
	return cmd
}

// whole makes no list an empty one: in JSON that is [] and not null, so that a script can walk it.
func whole[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

var shareTitles = map[datarun.ShareClass]string{
	datarun.Unconditional: "无条件共享", datarun.Conditional: "有条件共享", datarun.Withheld: "不予共享",
}

func newCatalogShow(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "show RESOURCE", Short: "Show one entry with its items", Args: cobra.ExactArgs(1)}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		code, err := datarun.ParseResourceCode(args[0])
		if err != nil {
			return err
		}
		return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
			e, ok := cat.Snapshot().Entry(code)
			if !ok {
				return datarun.Errorf(datarun.NotFound, "catalog", "no resource %s", code)
			}
			if out.format == "table" {
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s\nprovider %s · %s · version %d · key %v\n%s\n\n", e.Code, e.Name, e.Provider, shareTitles[e.Share], e.Version, e.Key, e.Abstract)
			}
			var rows [][]string
			for _, it := range e.Items {
				required := ""
				if it.Required {
					required = "yes"
				}
				rows = append(rows, []string{string(it.Name), it.Title, typeText(it), required, string(it.Code)})
			}
			return out.list(cmd.OutOrStdout(), e, []string{"item", "title", "type", "required", "code system"}, rows)
		})
	}
	return cmd
}

func typeText(it datarun.Item) string {
	switch {
	case it.Scale > 0:
		return fmt.Sprintf("%s(%d,%d)", it.Type, it.Length, it.Scale)
	case it.Length > 0:
		return fmt.Sprintf("%s(%d)", it.Type, it.Length)
	}
	return string(it.Type)
}

func newCatalogHistory(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "history CODE", Short: "Who changed what, when: of a resource, an agency or a grant", Args: cobra.ExactArgs(1)}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
			events, err := cat.History(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var rows [][]string
			for _, e := range events {
				outcome := "accepted"
				if len(e.Refused) > 0 {
					outcome = "refused: " + e.Refused[0].String()
				}
				rows = append(rows, []string{
					fmt.Sprint(e.Seq), e.Time.In(datarun.China).Format("2006-01-02 15:04:05"), e.By, string(e.Verb), e.Subject, fmt.Sprint(e.Version), outcome,
				})
			}
			return out.list(cmd.OutOrStdout(), events, []string{"change", "time", "by", "what", "subject", "version", "outcome"}, rows)
		})
	}
	return cmd
}

func newCatalogVerify(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Walk the chain of all changes and say whether it is whole", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
				report, err := cat.Verify(cmd.Context())
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				fmt.Fprintf(w, "%d changes accepted, %d refused\nhead %d %s\n", report.Accepted, report.Refused, report.Head.Seq, report.Head.Hash)
				for _, b := range report.Breaks {
					fmt.Fprintln(w, "break:", b)
				}
				if !report.OK() {
					return datarun.Errorf(datarun.Corrupt, "catalog verify", "the history does not add up: %s", plural(len(report.Breaks), "break", "breaks"))
				}
				return nil
			})
		},
	}
}

func newCatalogKey(g *global) *cobra.Command {
	var revoke, reason string
	cmd := &cobra.Command{
		Use: "key AGENCY", Short: "Make an API key for an agency and print it once, or revoke one", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&revoke, "revoke", "", "end the key of this id")
	cmd.Flags().StringVar(&reason, "reason", "", "why it is revoked")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		agency := datarun.AgencyCode(args[0])
		return withCatalog(cmd, g, func(cat *catalog.Catalog) error {
			if revoke != "" {
				_, err := cat.Apply(cmd.Context(), author(), catalog.RevokeKey(agency, catalog.AnyVersion, revoke, reason))
				return err
			}
			key, digest := auth.NewKey()
			if _, err := cat.Apply(cmd.Context(), author(), catalog.AddKey(agency, catalog.AnyVersion, digest)); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), key)
			return err
		})
	}
	return cmd
}
