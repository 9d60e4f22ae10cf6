package broker

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"datarun"
)

// Options set how a broker runs. The zero value of a field means its default.
type Options struct {
	Port int          // on 127.0.0.1; 0: chosen by the system
	Log  *slog.Logger // default: discard
	// NoSync acknowledges before fsync: a crash of the process loses nothing, a power cut may. For tests and trials.
	NoSync bool
}

// Credentials are what a client needs to log in.
type Credentials struct {
	Mechanism string // "SCRAM-SHA-256"; the same user and password also serve for "PLAIN"
	User      string
	Password  string
}

// String leaves the password out, so that it does not get into a log by accident.
func (c Credentials) String() string { return c.Mechanism + " " + c.User }

// GoString leaves the password out.
func (c Credentials) GoString() string { return c.String() }

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	creds   Credentials
	lock    *os.File
	stop    chan struct{}
	tidy    sync.WaitGroup
	once    sync.Once
}

// user is whom the hub logs in as; it may do everything.
const user = "datarun"

// settings are the broker's own. kfake's defaults imitate Kafka's and would lose data here:
//   - its compaction rewrites a partition in place, so a crash in the middle loses it, and it holds the whole partition
//     in memory meanwhile: it must never run, so its timer is put off by a hundred years;
//   - topics without a retention of their own would lose what is older than seven days, compacted ones too;
//   - a group nobody was in for seven days would forget its offsets and read everything again.
//
// Small segments bound what one partition takes in memory while the directory is read at the start.
func settings() map[string]string {
	century := 100 * 365 * 24 * time.Hour
	return map[string]string{
		"log.cleaner.backoff.ms":    strconv.FormatInt(century.Milliseconds(), 10),
		"log.retention.ms":          "-1",
		"log.retention.bytes":       "-1",
		"offsets.retention.minutes": strconv.Itoa(20 * 365 * 24 * 60),
		"log.segment.bytes":         strconv.Itoa(16 << 20),
		"message.max.bytes":         strconv.Itoa(2 << 20),
	}
}

// Open starts a broker on the data directory dir, which is made when it is not there (mode 0700). A directory that
// another process has open is a Conflict; a port that is taken is Unavailable.
func Open(dir string, o Options) (*Broker, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	b, err := start(dir, o)
	if err != nil {
		lock.Close()
		return nil, err
	}
	b.lock = lock
	b.tidy.Go(b.expire)
	return b, nil
}

func start(dir string, o Options) (*Broker, error) {
	password, err := secret(filepath.Join(dir, "password"))
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "log")
	// What kfake saved of the users would win over the password file.
	if err := os.Remove(filepath.Join(data, "sasl.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, datarun.Errorf(datarun.Unavailable, "broker", "%w", err)
	}
	if err := mend(data, o.Log); err != nil {
		return nil, err
	}
	opts := []kfake.Opt{
		kfake.Ports(o.Port), kfake.DataDir(data), kfake.WithLogger(logger{o.Log}), kfake.ClusterID("datarun"),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", user, password), kfake.Superuser("PLAIN", user, password),
		kfake.BrokerConfigs(settings()),
	}
	if !o.NoSync {
		opts = append(opts, kfake.SyncWrites())
	}
	cluster, err := load(opts)
	if err != nil {
		return nil, datarun.Errorf(startKind(err), "broker", "start in %s: %w", dir, err)
	}
	addr := cluster.ListenAddrs()[0]
	if err := advertise(cluster, addr); err != nil {
		cluster.Close()
		return nil, err
	}
	return &Broker{
		cluster: cluster, addr: addr, stop: make(chan struct{}),
		creds: Credentials{Mechanism: "SCRAM-SHA-256", User: user, Password: password},
	}, nil
}

// load starts kfake, which reads every segment into memory once, all partitions at the same time. Collecting garbage
// more often meanwhile halves what the process takes at its start.
func load(opts []kfake.Opt) (*kfake.Cluster, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	return kfake.NewCluster(opts...)
}

func startKind(err error) datarun.Kind {
	var netErr *net.OpError
	var pathErr *os.PathError
	if errors.As(err, &netErr) || errors.As(err, &pathErr) || errors.Is(err, syscall.ENOSPC) {
		return datarun.Unavailable
	}
	return datarun.Corrupt
}

// expire deletes what is older than its topic's own retention, now and every hour.
func (b *Broker) expire() {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		b.cluster.ApplyRetention()
		select {
		case <-tick.C:
		case <-b.stop:
			return
		}
	}
}

// Addr returns host:port of the listener.
func (b *Broker) Addr() string { return b.addr }

// Credentials returns what clients log in with.
func (b *Broker) Credentials() Credentials { return b.creds }

// Close stops the broker and closes its files. Clients should have ended before.
func (b *Broker) Close() error {
	var err error
	b.once.Do(func() {
		close(b.stop)
		b.tidy.Wait()
		b.cluster.Close()
		err = b.lock.Close()
	})
	return err
}
