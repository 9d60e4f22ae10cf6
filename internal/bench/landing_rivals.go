package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"datarun"
	"datarun/exchange"
	"datarun/warehouse"
	"datarun/warehouse/schema"
)

// equalTable makes a table like the hub's under another name.
func equalTable(ctx context.Context, db *warehouse.DB, name string) error {
	statements, err := schema.Plan(schema.State{}, House(), schema.Place{Database: db.Database()})
	if err != nil {
		return err
	}
	return db.Exec(ctx, strings.Replace(statements[0], schema.Table(House().Code), name, 1))
}

const itemTypes = "id Int64, name String, code Nullable(String), area Nullable(Decimal(10, 2)), built Nullable(Date32), changed DateTime64(3, 'Asia/Shanghai'), sold Nullable(Bool)"

// throughEngine is ClickHouse's Kafka table engine with a materialized view, set up as its manual says for speed: a
// consumer with a thread of its own per partition, blocks of the size that the hub inserts, and about the hub's wait
// for more, so that the end of the topic is not waited for.
func throughEngine(ctx context.Context, _ *exchange.Cluster, c LandingConfig, r *LandingResult) error {
	db := c.DB.Database()
	if err := equalTable(ctx, c.DB, "rival_engine"); err != nil {
		return err
	}
	login := ""
	if c.Kafka.SASL.User != "" {
		login = fmt.Sprintf("kafka_security_protocol = 'sasl_plaintext', kafka_sasl_mechanism = 'PLAIN', kafka_sasl_username = '%s', kafka_sasl_password = '%s', ", c.Kafka.SASL.User, c.Kafka.SASL.Password)
	}
	began := time.Now()
	for _, s := range []string{
		fmt.Sprintf("CREATE TABLE %s.rival_source (%s) ENGINE = Kafka SETTINGS %skafka_broker_list = '%s', kafka_topic_list = '%s', kafka_group_name = 'rival', kafka_format = 'JSONEachRow', "+
			"kafka_num_consumers = %d, kafka_thread_per_consumer = 1, kafka_max_block_size = 200000, kafka_poll_max_batch_size = 200000, kafka_flush_interval_ms = 500, date_time_input_format = 'best_effort'",
			db, itemTypes, login, strings.Join(c.Kafka.Brokers, ","), topicOf(), c.Partitions),
		fmt.Sprintf("CREATE MATERIALIZED VIEW %s.rival_view TO %[1]s.rival_engine AS SELECT _key, toDateTime64(_timestamp_ms, 3, 'UTC') AS _time, _offset AS _version, toUInt16(_partition) AS _partition, toUInt8(0) AS _deleted, "+
			"id, name, code, area, built, changed, sold FROM %[1]s.rival_source", db),
	} {
		if err := c.DB.Exec(ctx, s); err != nil {
			return err
		}
	}
	for n := uint64(0); n < uint64(c.Records); time.Sleep(20 * time.Millisecond) {
		var err error
		if n, err = count(ctx, c.DB, "SELECT count() FROM "+db+".rival_engine"); err != nil {
			return err
		}
		if time.Since(began) > 10*time.Minute {
			return datarun.Errorf(datarun.Unavailable, "bench", "the Kafka engine has %d of %d rows after 10 minutes", n, c.Records)
		}
	}
	r.Engine = time.Since(began)
	for _, t := range []string{"rival_view", "rival_source"} {
		if err := c.DB.Exec(ctx, "DROP TABLE "+db+"."+t+" SYNC"); err != nil {
			return err
		}
	}
	return expect(ctx, c, "rival_engine")
}

// columns are the values of a batch, as the client's columns want them.
type columns struct {
	key, name     []string
	code          []*string
	time, changed []time.Time
	version       []uint64
	partition     []uint16
	deleted       []uint8
	id            []int64
	area          []*decimal.Decimal
	built         []*time.Time
	sold          []*bool
}

const rawBatch = 200_000

// raw is the client's columnar insert of ready values: two inserts at a time, as the hub has. Making the values is not
// measured.
func raw(ctx context.Context, _ *exchange.Cluster, c LandingConfig, r *LandingResult) error {
	if err := equalTable(ctx, c.DB, "rival_raw"); err != nil {
		return err
	}
	for from := 0; from < c.Records; from += 2 * rawBatch {
		var batches []*columns
		for at := from; at < min(from+2*rawBatch, c.Records); at += rawBatch {
			batches = append(batches, ready(at, min(at+rawBatch, c.Records)))
		}
		began := time.Now()
		var g errgroup.Group
		for _, b := range batches {
			g.Go(func() error { return b.insert(ctx, c.DB) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		r.Raw += time.Since(began)
	}
	return expect(ctx, c, "rival_raw")
}

func ready(from, end int) *columns {
	b := &columns{}
	for i := from; i < end; i++ {
		code, area := fmt.Sprintf("4207%014d", i*7919%100_000_000_000), decimal.New(int64(i%300*100+i%100), -2)
		built, sold := time.Date(1990+i%33, time.Month(1+i%12), 1+i%28, 0, 0, 0, 0, time.UTC), i%3 == 0
		b.key, b.name = append(b.key, fmt.Sprint(i)), append(b.name, fmt.Sprintf("凤凰街道%d号", i%9973))
		b.code, b.area, b.built, b.sold = append(b.code, &code), append(b.area, &area), append(b.built, &built), append(b.sold, &sold)
		b.time = append(b.time, time.UnixMilli(1_790_000_000_000+int64(i)))
		b.changed = append(b.changed, time.Date(2026, time.Month(1+i%12), 1+i%28, i%24, i/7%60, i%60, 0, datarun.China))
		b.version, b.partition, b.deleted, b.id = append(b.version, uint64(i)), append(b.partition, 0), append(b.deleted, 0), append(b.id, int64(i))
	}
	return b
}

func (b *columns) insert(ctx context.Context, db *warehouse.DB) error {
	batch, err := db.Conn().PrepareBatch(ctx, "INSERT INTO "+db.Database()+".rival_raw (_key, _time, _version, _partition, _deleted, id, name, code, area, built, changed, sold)")
	if err != nil {
		return err
	}
	defer func(batch driver.Batch) { _ = batch.Close() }(batch)
	for i, v := range []any{b.key, b.time, b.version, b.partition, b.deleted, b.id, b.name, b.code, b.area, b.built, b.changed, b.sold} {
		if err := batch.Column(i).Append(v); err != nil {
			return err
		}
	}
	return batch.Send()
}
