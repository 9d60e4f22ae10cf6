package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"datarun"
)

// outputFlag adds -o table|json to a listing and returns the printer that obeys it.
func outputFlag(cmd *cobra.Command) *printer {
	p := &printer{}
	cmd.Flags().StringVarP(&p.format, "output", "o", "table", "table or json")
	return p
}

// printer writes listings.
type printer struct{ format string }

// list writes rows under header as a table, or value as JSON.
func (p *printer) list(w io.Writer, value any, header []string, rows [][]string) error {
	switch p.format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(value)
	case "table":
		t := table.NewWriter()
		t.SetStyle(table.StyleLight)
		t.Style().Options = table.OptionsNoBordersAndSeparators
		t.AppendHeader(tableRow(header))
		for _, r := range rows {
			t.AppendRow(tableRow(r))
		}
		_, err := fmt.Fprintln(w, t.Render())
		return err
	}
	return usage("-o %s: want table or json", p.format)
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// usageError is a wrong call of a command: exit code 2.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// progress is a line on the terminal that is written over; in a pipe it writes nothing.
type progress struct {
	w    io.Writer
	live bool
	last time.Time
}

func newProgress() *progress {
	return &progress{w: os.Stderr, live: term.IsTerminal(int(os.Stderr.Fd()))}
}

// show replaces the line, ten times a second at most.
func (p *progress) show(format string, args ...any) {
	if !p.live || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

// done ends the line.
func (p *progress) done() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// exitCode maps an error to the exit code of the process.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var misused usageError
	if errors.As(err, &misused) {
		return 2
	}
	return datarun.KindOf(err).Reaction().Exit
}
