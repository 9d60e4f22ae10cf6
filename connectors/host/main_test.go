package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/connectors/host"
	"datarun/connectors/wire"
	pb "datarun/connectors/wire/proto"
)

// TestMain makes the test binary whatever process a test needs: a good connector, a bad one, or a hub.
func TestMain(m *testing.M) {
	if len(os.Args) >= 3 && os.Args[1] == "be" {
		roles[os.Args[2]](os.Args[3:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// role is the command that starts the test binary in a role.
func role(t testing.TB, name string, args ...string) host.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := conntest.Command(t, append([]string{self, "be", name}, args...))
	c.Name = name
	return c
}

var roles = map[string]func(args []string){
	"journal": func([]string) { wire.Serve(conntest.Journal) },

	"rows": func(args []string) {
		n, _ := strconv.Atoi(args[0])
		batch := datarun.Batch{Position: datarun.Position("1")}
		for range 5000 {
			batch.Records = append(batch.Records, datarun.Record{Data: fmt.Appendf(nil, `{"id":"420704199001011234","name":"张三","street":"%090d"}`, 7)})
		}
		wire.Serve(bad(func(emit func(datarun.Batch) error) error {
			for left := n; left > 0; left -= 5000 {
				b := batch
				b.Records = batch.Records[:min(left, 5000)]
				if err := emit(b); err != nil {
					return err
				}
			}
			return nil
		}))
	},

	// Bad ones, before and in the handshake.
	"garbage":       func([]string) { fmt.Println("Usage: something else"); forever() },
	"endless line":  func([]string) { fmt.Print(strings.Repeat("x", 1<<20)); forever() },
	"half line":     func([]string) { fmt.Print("1|1|unix|"); forever() },
	"silent":        func([]string) { forever() },
	"dies":          func([]string) { os.Exit(7) },
	"line and dies": func([]string) { fmt.Println("1|1|unix|/nowhere|grpc|"); os.Exit(7) },
	"no socket":     func([]string) { fmt.Println("1|1|unix|/nowhere|grpc|"); forever() },
	"old":           func([]string) { fmt.Println("1|99|unix|/nowhere|grpc|"); forever() },
	"netrpc":        func([]string) { fmt.Println("1|1|unix|/nowhere|netrpc|"); forever() },
	"far away":      func([]string) { fmt.Println("1|1|tcp|192.0.2.1:443|grpc|"); forever() },
	"deaf": func([]string) {
		l, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "deaf"))
		if err != nil {
			os.Exit(9)
		}
		fmt.Printf("1|1|unix|%s|grpc|\n", l.Addr())
		forever()
	},

	// Bad ones, once they run.
	"crashes": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error { _ = emit(rows(1)); os.Exit(7); return nil }))
	},
	"panics": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error { _ = emit(rows(1)); panic("a bug") }))
	},
	"hangs": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error {
			_ = emit(rows(1))
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			forever() // this thread may run on for a moment
			return nil
		}))
	},
	"floods": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error {
			raw := os.NewFile(2, "raw stderr")
			for _, w := range []*os.File{raw, os.Stderr, os.Stdout} {
				go func() {
					for {
						_, _ = fmt.Fprintln(w, strings.Repeat("lorem ipsum ", 300))
					}
				}()
			}
			for range 1000 {
				if err := emit(rows(1)); err != nil {
					return err
				}
			}
			return nil
		}))
	},
	"never closes": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error { _ = emit(rows(1)); forever(); return nil }))
	},
	"leaves a child": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error {
			c := exec.Command("sleep", "1000")
			c.Stdout, c.Stderr = os.NewFile(1, ""), os.NewFile(2, "")
			if err := c.Start(); err != nil {
				return err
			}
			return emit(datarun.Batch{Records: []datarun.Record{{Data: fmt.Appendf(nil, `{"pid":%d}`, c.Process.Pid)}}})
		}))
	},
	"oversized": func([]string) { serveRaw(&pb.Batch{Data: make([]byte, 5<<20), Sizes: []uint32{5 << 20}}) },
	"malformed": func([]string) { serveRaw(&pb.Batch{Data: []byte("{}"), Sizes: []uint32{3}}) },

	"environment": func([]string) {
		wire.Serve(bad(func(emit func(datarun.Batch) error) error {
			b, _ := json.Marshal(os.Environ())
			return emit(datarun.Batch{Records: []datarun.Record{{Data: b}}})
		}))
	},

	// Hubs, to be killed: they print the id of their connector's process.
	"hub": func(args []string) {
		self, _ := os.Executable()
		c := host.Command{Path: self, Args: args}
		if strings.HasSuffix(args[0], ".sh") {
			c = host.Command{Path: args[0]}
		}
		c.SHA256 = sum(c.Path)
		p, err := host.Launch(context.Background(), c)
		if err != nil {
			fmt.Println("0", err)
			os.Exit(1)
		}
		fmt.Println(p.PID())
		forever()
	},
	"plain hub": func(args []string) {
		c := exec.Command(os.Args[0], args...)
		c.Env = []string{wire.Handshake.MagicCookieKey + "=" + wire.Handshake.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS=1"}
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			os.Exit(1)
		}
		_, _ = out.Read(make([]byte, 1)) // it serves
		fmt.Println(c.Process.Pid)
		forever()
	},
}

func forever() { time.Sleep(time.Hour) }

func rows(n int) datarun.Batch {
	b := datarun.Batch{Position: datarun.Position(`1`)}
	for i := range n {
		b.Records = append(b.Records, datarun.Record{Data: fmt.Appendf(nil, `{"id":%d}`, i)})
	}
	return b
}

// bad makes a connector of what its Read does.
func bad(read func(emit func(datarun.Batch) error) error) connectors.Connector {
	return connectors.Connector{Name: "bad", New: func(json.RawMessage) (connectors.Source, error) {
		return &readOnly{Source: conntest.NewMemory().Source(), read: read}, nil
	}}
}

type readOnly struct {
	connectors.Source
	read func(emit func(datarun.Batch) error) error
}

func (r *readOnly) Read(_ context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
	return r.read(emit)
}

func (r *readOnly) Ack(context.Context, connectors.Stream, datarun.Position) error { return nil }

// serveRaw is a connector that was not made with our SDK: it sends what it likes.
func serveRaw(batch *pb.Batch) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake,
		Plugins:         plugin.PluginSet{wire.PluginName: &rawPlugin{batch: batch}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}

type rawPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	pb.UnimplementedSourceServer
	batch *pb.Batch
}

func (p *rawPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterSourceServer(s, p)
	return nil
}

func (p *rawPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func (p *rawPlugin) Describe(context.Context, *pb.DescribeRequest) (*pb.Description, error) {
	return &pb.Description{Name: "raw"}, nil
}

func (p *rawPlugin) Configure(context.Context, *pb.Settings) (*pb.Configured, error) {
	return &pb.Configured{}, nil
}

func (p *rawPlugin) Read(_ *pb.ReadRequest, out grpc.ServerStreamingServer[pb.Batch]) error {
	return out.Send(p.batch)
}
