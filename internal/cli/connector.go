package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/host"
	"datarun/connectors/wire"
	"datarun/internal/app"
	"datarun/internal/config"
)

func newConnector(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "connector", Short: "Work on a source without a hub"}
	cmd.AddCommand(newConnectorList(), newConnectorShow(), newConnectorCheck(g), newConnectorDiscover(g), newConnectorRun(g), newConnectorServe())
	return cmd
}

func newConnectorList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the built-in connectors", Args: cobra.NoArgs}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		type line struct {
			Name    string `json:"name"`
			Title   string `json:"title"`
			Summary string `json:"summary"`
		}
		var lines []line
		var rows [][]string
		for _, c := range app.Builtin {
			lines = append(lines, line{c.Name, c.Title, c.Summary})
			rows = append(rows, []string{c.Name, c.Title, c.Summary})
		}
		return out.list(cmd.OutOrStdout(), lines, []string{"name", "名称", "summary"}, rows)
	}
	return cmd
}

func newConnectorShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Print a connector's settings and options", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, ok := app.FindBuiltin(args[0])
			if !ok {
				return datarun.Errorf(datarun.NotFound, "connector", "%q is not built in; datarun connector list shows those that are", args[0])
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "# %s: %s\n\n%s\n", c.Name, c.Summary, strings.TrimSpace(c.Help))
			return err
		},
	}
}

// newConnectorServe is what a hub runs as a child process; people have no use for it.
func newConnectorServe() *cobra.Command {
	return &cobra.Command{
		Use: "serve NAME", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, ok := app.FindBuiltin(args[0])
			if !ok {
				return datarun.Errorf(datarun.NotFound, "connector", "%q is not built in", args[0])
			}
			tuneMemory(96 << 20)
			wire.Serve(c)
			return nil
		},
	}
}

// withSource starts the connector of a configured source, as a hub would, and calls fn with it.
func withSource(ctx context.Context, g *global, name string, fn func(connectors.Source, host.Plan) error) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	var names []string
	for i := range c.Sources {
		src := &c.Sources[i]
		names = append(names, src.Name)
		if src.Name == name {
			return runSource(ctx, src, fn)
		}
	}
	return datarun.Errorf(datarun.NotFound, "connector", "%s has no source %q; it has: %s", g.file, name, strings.Join(names, ", "))
}

func runSource(ctx context.Context, src *config.Source, fn func(connectors.Source, host.Plan) error) error {
	plan, err := app.SourcePlan(src, nil)
	if err != nil {
		return err
	}
	plan.Command.Log = quiet()
	process, err := host.Launch(ctx, plan.Command)
	if err != nil {
		return err
	}
	defer process.Close()
	source, err := process.Configure(ctx, plan.Settings)
	if err != nil {
		return err
	}
	return fn(source, plan)
}

func streamsOf(plan host.Plan) []connectors.Stream {
	var out []connectors.Stream
	for _, s := range plan.Streams {
		out = append(out, s.Stream)
	}
	return out
}

func newConnectorCheck(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "check SOURCE", Short: "Say what of a configured source works", Args: cobra.ExactArgs(1)}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withSource(cmd.Context(), g, args[0], func(s connectors.Source, plan host.Plan) error {
			report, err := s.Check(cmd.Context(), streamsOf(plan))
			if err != nil {
				return err
			}
			var rows [][]string
			for _, f := range report.Findings {
				rows = append(rows, []string{string(f.Level), f.Stream, f.What, f.Detail})
			}
			if err := out.list(cmd.OutOrStdout(), report, []string{"", "stream", "what", "detail"}, rows); err != nil {
				return err
			}
			if !report.OK() {
				return datarun.Errorf(datarun.Invalid, "connector check", "source %s does not work", args[0])
			}
			return nil
		})
	}
	return cmd
}

func newConnectorDiscover(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "discover SOURCE [OBJECT]", Short: "Draft catalogue entries from what a configured source holds",
		Long: "Draft catalogue entries as YAML from the tables, files or endpoints of a source. Code, name, provider, class and sharing class are for a person to fill in.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSource(cmd.Context(), g, args[0], func(s connectors.Source, _ host.Plan) error {
				drafts, err := s.Discover(cmd.Context())
				if err != nil {
					return err
				}
				return printDrafts(cmd, drafts, args[1:])
			})
		},
	}
}

// draftDocument is a draft in the form of the catalogue's files; what nobody can know is empty.
type draftDocument struct {
	Kind     string             `yaml:"kind"`
	Code     string             `yaml:"code"`
	Name     string             `yaml:"name"`
	Class    []string           `yaml:"class,flow"`
	Provider string             `yaml:"provider"`
	Abstract string             `yaml:"abstract"`
	Format   datarun.Format     `yaml:"format,flow"`
	Items    []datarun.Item     `yaml:"items"`
	Key      []datarun.ItemName `yaml:"key,flow"`
	Share    int                `yaml:"share"`
	Method   string             `yaml:"method"`
	Open     bool               `yaml:"open"`
	Cycle    int                `yaml:"cycle"`
	Grade    string             `yaml:"grade"`
}

func printDrafts(cmd *cobra.Command, drafts []connectors.Draft, only []string) error {
	w, shown := cmd.OutOrStdout(), 0
	for _, d := range drafts {
		if len(only) > 0 && d.Object != only[0] {
			continue
		}
		doc := draftDocument{Kind: "resource", Name: d.Title, Items: d.Items, Key: d.Key}
		b, err := yaml.Marshal(doc)
		if err != nil {
			return datarun.Errorf(datarun.Internal, "discover", "%w", err)
		}
		if shown > 0 {
			fmt.Fprintln(w, "---")
		}
		shown++
		fmt.Fprintf(w, "# object: %s", d.Object)
		if len(d.Options) > 0 {
			fmt.Fprintf(w, "   options: %s", d.Options)
		}
		fmt.Fprintf(w, "\n%s", b)
	}
	if shown == 0 {
		return datarun.Errorf(datarun.NotFound, "discover", "nothing found")
	}
	return nil
}

func newConnectorRun(g *global) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "run SOURCE STREAM", Short: "Read a stream once and print its records as JSON lines",
		Long: "Read a stream of a configured source from the beginning until it is caught up, and print its records as JSON lines. Nothing is published, no position is saved, nothing is acked.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSource(cmd.Context(), g, args[0], func(s connectors.Source, plan host.Plan) error {
				for _, st := range streamsOf(plan) {
					if st.Name == args[1] {
						return printStream(cmd, s, st, limit)
					}
				}
				return datarun.Errorf(datarun.NotFound, "connector", "source %s has no stream %q", args[0], args[1])
			})
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 0, "stop after so many records; 0: all")
	return cmd
}

// errEnough ends a Read that has given as many records as were asked for.
var errEnough = errors.New("enough")

func printStream(cmd *cobra.Command, s connectors.Source, st connectors.Stream, limit int) error {
	p, w := newProgress(), cmd.OutOrStdout()
	n, faults := 0, 0
	err := s.Read(cmd.Context(), st, nil, func(b datarun.Batch) error {
		for i := range b.Records {
			rec := &b.Records[i]
			if rec.Fault != nil {
				faults++
				fmt.Fprintf(os.Stderr, "%s: %s: %s %s\n", st.Name, rec.Fault.Where, rec.Fault.Rule, rec.Fault.Detail)
				continue
			}
			if _, err := w.Write(append(rec.Data, '\n')); err != nil {
				return err
			}
			if n++; limit > 0 && n >= limit {
				return errEnough
			}
		}
		p.show("%d records", n)
		return nil
	})
	p.done()
	if errors.Is(err, errEnough) {
		err = nil
	}
	if faults > 0 {
		fmt.Fprintf(os.Stderr, "%s\n", plural(faults, "row could not be read", "rows could not be read"))
	}
	return err
}
