package restapi

import (
	"context"
	"fmt"

	"datarun"
	"datarun/connectors"
	"datarun/internal/rowjson"
)

// Check implements connectors.Source: it asks for one page of each stream, over connections of its own, with one retry.
func (s *source) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	var report connectors.Report
	find := func(level connectors.Level, stream, what, detail string) {
		report.Findings = append(report.Findings, connectors.Finding{Level: level, Stream: stream, What: what, Detail: detail})
	}
	c, err := s.impatient()
	if err != nil {
		find(connectors.Fail, "", "settings", err.Error())
		return report, nil
	}
	defer c.close()
	find(connectors.Pass, "", "settings", "are complete; each stream is asked for one page")
	for _, stream := range streams {
		r, err := s.run(ctx, stream, nil)
		if err != nil {
			find(connectors.Fail, stream.Name, "settings", err.Error())
			continue
		}
		r.client = c
		p, err := r.fetch(&round{Page: r.options.First, Asked: r.options.SinceStart})
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		if err != nil {
			find(connectors.Fail, stream.Name, "page", err.Error())
			continue
		}
		find(connectors.Pass, stream.Name, "page", fmt.Sprintf("%d records", len(p.records)))
		r.checkItems(p, find)
		find(connectors.Warn, stream.Name, "deletes", "the service's listing does not show deletes: deleted records stay")
	}
	return report, nil
}

// impatient makes a client for one question.
func (s *source) impatient() (*client, error) {
	few := s.settings
	few.Retries = min(few.Retries, 1)
	return newClient(&few)
}

// checkItems looks which items the records of a page have.
func (r *run) checkItems(p *page, find func(connectors.Level, string, string, string)) {
	if len(p.records) == 0 {
		find(connectors.Warn, r.stream.Name, "items", "no record to look at")
		return
	}
	seen := make(map[datarun.ItemName]int)
	var row rowjson.Row
	for _, element := range p.records {
		out, fault := r.projection.append(nil, element)
		if fault != nil || row.Parse(out) != nil {
			find(connectors.Warn, r.stream.Name, "items", "a record is faulty")
			continue
		}
		for i := range row.Fields {
			seen[datarun.ItemName(row.Fields[i].Name)]++
		}
	}
	key := make(map[datarun.ItemName]bool)
	for _, name := range r.stream.Key {
		key[name] = true
	}
	for _, item := range r.stream.Items {
		if seen[item.Name] > 0 {
			continue
		}
		level := connectors.Warn
		if item.Required || key[item.Name] {
			level = connectors.Fail
		}
		find(level, r.stream.Name, "items", fmt.Sprintf("no record of the page has item %s: set its path in option columns", item.Name))
	}
	if r.options.Mode == modeSince {
		if _, none := r.options.latest(p.records, "", farFuture); none {
			find(connectors.Fail, r.stream.Name, "since_item", fmt.Sprintf("no record of the page has a %s at %q", r.options.SinceAs, r.options.SinceItem))
		}
	}
}
