package bench

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"datarun/exchange"
	"datarun/exchange/broker"
	"datarun/warehouse/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestBenchLanding lands the same records through the hub, through ClickHouse's own Kafka engine and as raw inserts.
func TestBenchLanding(t *testing.T) {
	if os.Getenv("DATARUN_BENCH") != "1" {
		t.Skip("make bench runs this")
	}
	b, err := broker.Open(t.TempDir(), broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	login := b.Credentials()
	records, _ := strconv.Atoi(os.Getenv("DATARUN_BENCH_RECORDS"))
	r, err := Landing(t.Context(), LandingConfig{Records: records, DB: enginetest.Open(t), Kafka: exchange.Config{
		Brokers: []string{b.Addr()}, SASL: exchange.SASL{Mechanism: "PLAIN", User: login.User, Password: login.Password}, Embedded: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\n(a) %d JSON records of 7 items, %d bytes each, from the embedded broker into ClickHouse\n\n| path | seconds | rows/s | ratio |\n|---|---|---|---|\n", r.Records, r.ValueBytes)
	fmt.Printf("| ClickHouse's Kafka engine and a materialized view | %.1f | %.0f | 1.00 |\n", r.Engine.Seconds(), r.Rate(r.Engine))
	fmt.Printf("| the hub's subscriber and landing | %.1f | %.0f | %.2f |\n", r.Hub.Seconds(), r.Rate(r.Hub), r.Engine.Seconds()/r.Hub.Seconds())
	fmt.Printf("| raw columnar insert of ready values | %.1f | %.0f | %.2f |\n", r.Raw.Seconds(), r.Rate(r.Raw), r.Engine.Seconds()/r.Raw.Seconds())
	fmt.Printf("\nbroker, producer, subscriber and landing in one process: peak resident memory %d MB\n", peakMB(os.Getpid()))
	fmt.Printf("\npublished at %.0f records/s; %d inserts; %.2f allocations per record while landing\n", r.Rate(r.Publish), r.LandingStats.Batches, float64(r.Allocations)/float64(r.Records))
}
