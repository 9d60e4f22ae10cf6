package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"datarun/exchange"
)

// meters reads the hub's own books when Prometheus asks: nothing is counted twice, and nothing per record is paid.
// Labels are codes and names of the configuration, never data.
type meters struct {
	hub      *Hub
	registry *prometheus.Registry
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("datarun_"+name, help, labels, nil)
}

var (
	recordsRead        = desc("records_read_total", "Records taken in, good and faulty.", "resource")
	recordsPublished   = desc("records_published_total", "Records published to Kafka.", "resource")
	recordsQuarantined = desc("records_quarantined_total", "Records parked in quarantine since start.", "resource")
	quarantineSize     = desc("quarantine_records", "Records waiting in quarantine.", "resource", "rule")
	rowsLanded         = desc("rows_landed_total", "Rows landed in ClickHouse.", "resource")
	batchesLanded      = desc("batches_landed_total", "Inserts into ClickHouse.", "resource")
	landedAt           = desc("landed_timestamp_seconds", "When rows of the resource were last landed.", "resource")
	lagMessages        = desc("lag_messages", "Messages in Kafka not yet landed.", "resource", "partition")
	sourceUp           = desc("source_up", "1 while the connector process runs.", "source")
	sourceStarts       = desc("source_starts_total", "Starts of the connector process.", "source")
	streamHealthy      = desc("stream_healthy", "1 while the last read went well.", "source", "stream")
	streamRecords      = desc("stream_records_total", "Records made durable for the stream.", "source", "stream")
	streamErrors       = desc("stream_failures", "Reads that failed in a row.", "source", "stream")
	causes             = desc("unready_causes", "What keeps the hub from being ready.")
)

func newMeters(h *Hub) *meters {
	m := &meters{hub: h, registry: prometheus.NewRegistry()}
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *meters) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

// Describe implements prometheus.Collector; the metrics depend on the directory, so nothing is promised.
func (m *meters) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m *meters) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	m.flows(out)
	m.sources(out)
	m.quarantine(ctx, out)
	m.landing(out)
	m.lag(ctx, out)
	out <- prometheus.MustNewConstMetric(causes, prometheus.GaugeValue, float64(len(readiness{m.hub}.Causes(ctx))))
}

func (m *meters) flows(out chan<- prometheus.Metric) {
	for _, f := range m.hub.flows.all() {
		code := string(f.resource.Code)
		out <- prometheus.MustNewConstMetric(recordsRead, prometheus.CounterValue, float64(f.counts.read.Load()), code)
		out <- prometheus.MustNewConstMetric(recordsPublished, prometheus.CounterValue, float64(f.counts.published.Load()), code)
		out <- prometheus.MustNewConstMetric(recordsQuarantined, prometheus.CounterValue, float64(f.counts.quarantined.Load()), code)
	}
}

func (m *meters) sources(out chan<- prometheus.Metric) {
	for _, s := range m.hub.sourceStatuses() {
		up := 0.0
		if s.Process.PID != 0 {
			up = 1
		}
		out <- prometheus.MustNewConstMetric(sourceUp, prometheus.GaugeValue, up, s.Source)
		out <- prometheus.MustNewConstMetric(sourceStarts, prometheus.CounterValue, float64(s.Process.Starts), s.Source)
		for _, st := range s.Streams {
			healthy := 0.0
			if st.Healthy() {
				healthy = 1
			}
			out <- prometheus.MustNewConstMetric(streamHealthy, prometheus.GaugeValue, healthy, s.Source, st.Stream)
			out <- prometheus.MustNewConstMetric(streamRecords, prometheus.CounterValue, float64(st.Records), s.Source, st.Stream)
			out <- prometheus.MustNewConstMetric(streamErrors, prometheus.GaugeValue, float64(st.Failures), s.Source, st.Stream)
		}
	}
}

func (m *meters) quarantine(ctx context.Context, out chan<- prometheus.Metric) {
	if m.hub.intake == nil {
		return
	}
	counts, err := m.hub.intake.quarantine.Count(ctx)
	if err != nil {
		return // the scrape goes without; the cause shows in readiness
	}
	for code, rules := range counts {
		for rule, n := range rules {
			out <- prometheus.MustNewConstMetric(quarantineSize, prometheus.GaugeValue, float64(n), string(code), string(rule))
		}
	}
}

func (m *meters) landing(out chan<- prometheus.Metric) {
	if m.hub.lander == nil {
		return
	}
	for _, s := range m.hub.lander.Stats() {
		code := s.Resource
		out <- prometheus.MustNewConstMetric(rowsLanded, prometheus.CounterValue, float64(s.Rows), string(code))
		out <- prometheus.MustNewConstMetric(batchesLanded, prometheus.CounterValue, float64(s.Batches), string(code))
		if !s.Last.IsZero() {
			out <- prometheus.MustNewConstMetric(landedAt, prometheus.GaugeValue, float64(s.Last.UnixMilli())/1000, string(code))
		}
	}
}

func (m *meters) lag(ctx context.Context, out chan<- prometheus.Metric) {
	if m.hub.subscriber == nil {
		return
	}
	lags, err := m.hub.subscriber.Lag(ctx)
	if err != nil {
		return // as in quarantine
	}
	for _, l := range lags {
		if code, _, ok := exchange.ParseShareTopic(l.Topic); ok {
			out <- prometheus.MustNewConstMetric(lagMessages, prometheus.GaugeValue, float64(l.End-l.Committed), string(code), strconv.Itoa(l.Partition))
		}
	}
}
