package landing_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"datarun"
	"datarun/warehouse"
	"datarun/warehouse/engine"
	"datarun/warehouse/engine/enginetest"
	"datarun/warehouse/landing"
	"datarun/warehouse/schema"
)

func house(sequence string) *datarun.Resource {
	return &datarun.Resource{Code: datarun.ResourceCode("306001/" + sequence), Name: "房屋", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Type: datarun.Integer, Required: true}, {Name: "name", Type: datarun.Char, Length: 20}, {Name: "area", Type: datarun.Numeric, Length: 10, Scale: 2},
	}}
}

// log is one partition: messages 0 to n-1, each with a key of its own.
func log(from, to int64) []datarun.Message {
	var messages []datarun.Message
	for i := from; i < to; i++ {
		messages = append(messages, datarun.Message{Offset: i, Time: time.UnixMilli(1790000000000 + i), Key: fmt.Append(nil, i),
			Value: fmt.Appendf(nil, `{"id":%d,"name":"凤凰街道%d号","area":"%d.%02d"}`, i, i, i%1000, i%100)})
	}
	return messages
}

// run starts l and returns how to end it.
func run(t *testing.T, l *landing.Landing) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func apply(t *testing.T, db *warehouse.DB, l *landing.Landing, res *datarun.Resource) {
	t.Helper()
	if err := schema.Apply(t.Context(), db, res); err != nil {
		t.Fatal(err)
	}
	if err := l.SetResource(res); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, db *warehouse.DB, query string) (n uint64) {
	t.Helper()
	if err := db.Select(t.Context(), query, func(scan func(...any) error) error { return scan(&n) }); err != nil {
		t.Error(err)
	}
	return n
}

// The engine is killed in the middle of landing, several times. Whenever an offset is committed, the rows up to it are
// in the table; and at the end all are, though nothing was read again.
func TestNothingIsLostWhenTheEngineIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := make(chan *engine.Engine, 16), make(chan error, 1)
	config := enginetest.Config(t, t.TempDir())
	go func() { ended <- engine.Run(ctx, config, func(e *engine.Engine) { up <- e }) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	current := <-up
	db, err := warehouse.Open(ctx, current.Access())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const partitions, total, step = 3, 60_000, 500
	l := landing.New(db, landing.Options{Rows: 5000, Bytes: 4 << 20, Retry: 20 * time.Millisecond, Idle: time.Millisecond, Delay: 5 * time.Millisecond})
	res := house("000001")
	apply(t, db, l, res)
	run(t, l)

	var mu sync.Mutex
	committed := map[int]int64{}
	var feeders sync.WaitGroup
	for p := range partitions {
		feeders.Go(func() {
			for from := int64(p); from < total; from += step * partitions {
				var part []datarun.Message
				for _, m := range log(from, min(from+step*partitions, total)) {
					if m.Offset%partitions == int64(p) {
						part = append(part, m)
					}
				}
				last := part[len(part)-1].Offset
				err := l.Accept(ctx, datarun.Delivery{Resource: res.Code, Partition: p, Messages: part, Commit: func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					if have, ok := committed[p]; ok && last <= have {
						t.Errorf("partition %d: offset %d is committed after %d", p, last, have)
					}
					committed[p] = last
					return nil
				}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	table := db.Database() + "." + schema.Table(res.Code)
	for kill := range 4 {
		for l.Stats()[0].Rows < int64(kill+1)*total/6 {
			time.Sleep(time.Millisecond)
		}
		process, _ := os.FindProcess(current.PID())
		_ = process.Kill()
		<-current.Done()
		mu.Lock()
		promised := fmt.Sprint(committed)
		var want uint64
		where := "0"
		for p, offset := range committed {
			want += uint64(offset/partitions) + 1
			where += fmt.Sprintf(" OR (_partition = %d AND _version <= %d)", p, offset)
		}
		mu.Unlock()
		current = <-up
		if got := number(t, db, "SELECT uniqExact(_key) FROM "+table+" WHERE "+where); got != want {
			t.Errorf("kill %d: committed %s, which is %d rows, but %d are there", kill, promised, want, got)
		}
	}
	feeders.Wait()
	for done := false; !done; time.Sleep(time.Millisecond) {
		mu.Lock()
		done = committed[0] >= total-3 && committed[1] >= total-3 && committed[2] >= total-3
		mu.Unlock()
	}
	wrong := number(t, db, fmt.Sprintf("SELECT countIf(toString(id) != _key OR area != toDecimal64(id %% 1000, 2) + toDecimal64(id %% 100, 2) / 100) + abs(%d - toInt64(count())) FROM %s FINAL", total, table))
	if wrong != 0 {
		t.Errorf("%d rows are wrong or missing", wrong)
	}
	stats := l.Stats()[0]
	t.Logf("rows %d, inserts %d, retries %d", stats.Rows, stats.Batches, stats.Retries)
	if stats.Retries == 0 || stats.Err != nil || stats.Pending != 0 || l.Pending() != 0 {
		t.Errorf("stats %+v, pending %d", stats, l.Pending())
	}
}

func TestUnreadableMessagesGoToQuarantineBeforeTheCommit(t *testing.T) {
	db := enginetest.Open(t)
	var mu sync.Mutex
	var refused []int64
	tries := 0
	l := landing.New(db, landing.Options{Retry: time.Millisecond, Refuse: func(_ context.Context, code datarun.ResourceCode, _ uint16, partition int, m datarun.Message, f datarun.Fault) error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 1 {
			return datarun.Errorf(datarun.Unavailable, "test", "try again")
		}
		if f.Rule == "" || partition != 3 {
			t.Errorf("partition %d, fault %+v", partition, f)
		}
		refused = append(refused, m.Offset)
		return nil
	}})
	res := house("000001")
	apply(t, db, l, res)
	run(t, l)
	messages := log(0, 10)
	messages[3].Value = []byte(`{"id":"three"}`)
	messages[7].Value = []byte(`not JSON`)
	messages[8].Key = nil
	committed := make(chan int, 1)
	err := l.Accept(t.Context(), datarun.Delivery{Resource: res.Code, Partition: 3, Messages: messages, Commit: func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		committed <- len(refused)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if n := <-committed; n != 3 {
		t.Errorf("%d messages were in quarantine when the offset was committed, want 3", n)
	}
	slices.Sort(refused)
	if fmt.Sprint(refused) != "[3 7 8]" {
		t.Errorf("refused %v", refused)
	}
	if n := number(t, db, "SELECT count() FROM "+db.Database()+"."+schema.Table(res.Code)); n != 7 {
		t.Errorf("%d rows, want 7", n)
	}
	if s := l.Stats()[0]; s.Rows != 7 || s.Refused != 3 {
		t.Errorf("stats %+v", s)
	}
}

// A resource whose table is broken stands still, says so, loses nothing and lets the others go on; when the table is
// mended it goes on by itself.
func TestABrokenTableStopsItsResourceOnly(t *testing.T) {
	db := enginetest.Open(t)
	l := landing.New(db, landing.Options{Retry: 5 * time.Millisecond, Inserts: 1})
	broken, sound := house("000001"), house("000002")
	apply(t, db, l, broken)
	apply(t, db, l, sound)
	table := db.Database() + "." + schema.Table(broken.Code)
	if err := db.Exec(t.Context(), "DROP TABLE "+table+" SYNC"); err != nil {
		t.Fatal(err)
	}
	run(t, l)
	commits := make(chan datarun.ResourceCode, 10)
	deliver := func(res *datarun.Resource, from, to int64) error {
		return l.Accept(t.Context(), datarun.Delivery{Resource: res.Code, Messages: log(from, to), Commit: func(context.Context) error {
			commits <- res.Code
			return nil
		}})
	}
	if err := deliver(broken, 0, 100); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		if err = deliver(broken, 100, 101); err == nil {
			time.Sleep(time.Millisecond)
		}
	}
	if datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("err = %v, want Unavailable", err)
	}
	if err := deliver(sound, 0, 100); err != nil {
		t.Fatal(err)
	}
	if got := <-commits; got != sound.Code {
		t.Errorf("%s is committed first", got)
	}
	for _, s := range l.Stats() {
		if s.Resource == broken.Code && (datarun.KindOf(s.Err) != datarun.NotFound || s.Rows != 0) {
			t.Errorf("stats %+v", s)
		}
	}
	if err := schema.Apply(t.Context(), db, broken); err != nil {
		t.Fatal(err)
	}
	if got := <-commits; got != broken.Code {
		t.Errorf("%s is committed second", got)
	}
	if n := number(t, db, "SELECT uniqExact(_key) FROM "+table); n < 100 {
		t.Errorf("%d keys, want at least 100", n)
	}
}

func TestEntryChangesWhileLanding(t *testing.T) {
	db := enginetest.Open(t)
	l := landing.New(db, landing.Options{})
	res := house("000001")
	apply(t, db, l, res)
	done := make(chan struct{}, 2)
	deliver := func(m ...datarun.Message) {
		t.Helper()
		if err := l.Accept(t.Context(), datarun.Delivery{Resource: res.Code, Messages: m, Commit: func(context.Context) error { done <- struct{}{}; return nil }}); err != nil {
			t.Fatal(err)
		}
	}
	deliver(log(0, 10)...)
	res.Items = append(res.Items, datarun.Item{Name: "street", Type: datarun.Memo})
	apply(t, db, l, res)
	deliver(datarun.Message{Offset: 10, Key: []byte("10"), Value: []byte(`{"id":10,"street":"x"}`)})
	run(t, l)
	<-done
	<-done
	if n := number(t, db, "SELECT count() + 100 * countIf(street = 'x') FROM "+db.Database()+"."+schema.View(res.Code)); n != 111 {
		t.Errorf("rows and streets are %d, want 111", n)
	}
}

func TestAcceptWaitsForMemory(t *testing.T) {
	db := enginetest.Open(t)
	l := landing.New(db, landing.Options{Bytes: 64 << 10})
	res := house("000001")
	apply(t, db, l, res)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	d := datarun.Delivery{Resource: res.Code, Messages: log(0, 5_000), Commit: func(context.Context) error { return nil }}
	if err := l.Accept(ctx, d); err != nil {
		t.Fatalf("a chunk larger than the budget: %v", err)
	}
	if err := l.Accept(ctx, d); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("budget used up, nothing runs: %v, want Unavailable", err)
	}
	if n := l.Pending(); n > 64<<10 {
		t.Errorf("%d bytes pending, over the budget", n)
	}
	if err := l.Accept(ctx, datarun.Delivery{Resource: "306001/999999"}); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("no such resource: %v, want NotFound", err)
	}
}
