package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"datarun"
	"datarun/exchange"
	"datarun/warehouse"
	"datarun/warehouse/landing"
	"datarun/warehouse/schema"
)

// LandingConfig says what Landing measures on.
type LandingConfig struct {
	Records    int             // default 2,000,000
	Partitions int             // of the topic, default 2
	Kafka      exchange.Config // the broker that everything is read from
	DB         *warehouse.DB   // the engine that everything goes to; it must reach the same broker
}

// LandingResult is how long each way took for the same records.
type LandingResult struct {
	Records      int
	ValueBytes   int           // of an average record's JSON
	Publish      time.Duration // by the hub's own publisher, for the reader's orientation
	Hub          time.Duration // subscriber and landing, from the first fetch to the last committed row
	Engine       time.Duration // Kafka table engine and materialized view, from its creation to the last visible row
	Raw          time.Duration // columnar inserts of values that lie ready in memory
	Allocations  uint64        // by this process while the hub landed
	LandingStats landing.Stats
}

// Rate is records per second.
func (r LandingResult) Rate(d time.Duration) float64 { return float64(r.Records) / d.Seconds() }

// House is the entry of the benchmark's records.
func House() *datarun.Resource {
	return &datarun.Resource{Code: "306001/000077", Name: "房屋", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Title: "编号", Type: datarun.Integer, Required: true},
		{Name: "name", Title: "名称", Type: datarun.Char, Length: 50, Required: true},
		{Name: "code", Title: "代码", Type: datarun.Char, Length: 18},
		{Name: "area", Title: "面积", Type: datarun.Numeric, Length: 10, Scale: 2},
		{Name: "built", Title: "建成", Type: datarun.Date},
		{Name: "changed", Title: "变更", Type: datarun.DateTime, Required: true},
		{Name: "sold", Title: "已售", Type: datarun.Bool},
	}}
}

// record is the i-th record.
func record(i int) datarun.Envelope {
	value := fmt.Appendf(nil, `{"id":%d,"name":"凤凰街道%d号","code":"4207%014d","area":"%d.%02d","built":"%04d-%02d-%02d","changed":"2026-%02d-%02dT%02d:%02d:%02d+08:00","sold":%t}`,
		i, i%9973, i*7919%100_000_000_000, i%300, i%100, 1990+i%33, 1+i%12, 1+i%28, 1+i%12, 1+i%28, i%24, i/7%60, i%60, i%3 == 0)
	return datarun.Envelope{Resource: House().Code, Key: fmt.Sprint(i), Value: value, ID: fmt.Sprint("bench-", i), Source: "bench", Time: time.Now(), Schema: 1}
}

// Landing publishes records and lands them three ways: through the hub, through ClickHouse's own Kafka engine into an
// equal table, and as raw inserts into an equal table.
func Landing(ctx context.Context, c LandingConfig) (LandingResult, error) {
	if c.Records == 0 {
		c.Records = 2_000_000
	}
	if c.Partitions == 0 {
		c.Partitions = 2
	}
	cluster, err := exchange.Open(ctx, c.Kafka)
	if err != nil {
		return LandingResult{}, err
	}
	defer cluster.Close()
	r := LandingResult{Records: c.Records}
	for _, step := range []func(context.Context, *exchange.Cluster, LandingConfig, *LandingResult) error{publish, throughHub, throughEngine, raw} {
		runtime.GC()
		if err := step(ctx, cluster, c, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func topicOf() string { return exchange.ShareTopic(House().Code, 0) }

func publish(ctx context.Context, cluster *exchange.Cluster, c LandingConfig, r *LandingResult) error {
	if err := cluster.EnsureTopic(ctx, exchange.Topic{Name: topicOf(), Partitions: c.Partitions}); err != nil {
		return err
	}
	p := exchange.NewPublisher(cluster, exchange.PublisherConfig{})
	const step = 20_000
	bytes := 0
	for from := 0; from < c.Records; from += step {
		envs := make([]datarun.Envelope, 0, step)
		for i := from; i < min(from+step, c.Records); i++ {
			e := record(i)
			bytes += len(e.Value)
			envs = append(envs, e)
		}
		began := time.Now()
		if err := p.Publish(ctx, topicOf(), envs); err != nil {
			return err
		}
		r.Publish += time.Since(began)
	}
	r.ValueBytes = bytes / c.Records
	return nil
}

// throughHub is what the hub does: subscriber, landing, commit.
func throughHub(ctx context.Context, cluster *exchange.Cluster, c LandingConfig, r *LandingResult) error {
	l := landing.New(c.DB, landing.Options{})
	if err := schema.Apply(ctx, c.DB, House()); err != nil {
		return err
	}
	if err := l.SetResource(House()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := exchange.NewSubscriber(cluster, exchange.SubscriberConfig{Group: "bench", Topics: []string{topicOf()}})
	ends := make(chan error, 2)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	go func() { ends <- l.Run(ctx) }()
	go func() { ends <- s.Run(ctx, l.Accept) }()
	for landed := false; !landed; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ends:
			return err
		default:
		}
		r.LandingStats = l.Stats()[0]
		landed = r.LandingStats.Rows >= int64(c.Records)
	}
	r.Hub = time.Since(began)
	runtime.ReadMemStats(&after)
	r.Allocations = after.Mallocs - before.Mallocs
	cancel()
	if err := <-ends; err != nil {
		return err
	}
	if err := <-ends; err != nil {
		return err
	}
	return expect(context.WithoutCancel(ctx), c, schema.Table(House().Code))
}

// expect checks that the table has every record.
func expect(ctx context.Context, c LandingConfig, table string) error {
	n, err := count(ctx, c.DB, "SELECT count() FROM "+c.DB.Database()+"."+table+" FINAL")
	if err == nil && n != uint64(c.Records) {
		err = datarun.Errorf(datarun.Corrupt, "bench", "%s has %d rows, want %d", table, n, c.Records)
	}
	return err
}

func count(ctx context.Context, db *warehouse.DB, query string) (n uint64, err error) {
	err = db.Select(ctx, query, func(scan func(...any) error) error { return scan(&n) })
	return n, err
}
