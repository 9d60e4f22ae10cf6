// Package conntest is the conformance suite of connectors: one list of properties that every connector must have, run on
// the connector inside the test, over a real gRPC connection, and as a process of its own. Whoever writes a connector
// runs it with a Fixture and knows that the hub can rely on it:
//
//	func TestMain(m *testing.M) { conntest.Main(m, tax.Connector) }
//
//	func TestConformance(t *testing.T) {
//		path := newDatabase(t)
//		conntest.Run(t, conntest.Fixture{
//			Connector: tax.Connector,
//			Settings:  json.RawMessage(`{"path":"` + path + `"}`),
//			Stream:    connectors.Stream{Name: "payers", Object: "payers", Key: []datarun.ItemName{"id"}},
//			Rows:      func(t testing.TB) []string { return []string{`{"id":"1","name":"甲"}`} },
//			Insert:    func(t testing.TB) { … },
//			Spawn:     conntest.Self(),
//		})
//	}
//
// It guarantees: the properties are those of package connectors, each a subtest named after it. What a kind of system
// cannot do is left nil in the fixture and its properties are skipped, visibly.
//
// It also ships Memory and Journal, the reference connectors: small, complete, and watched in what they are asked.
//
// It does not: judge a connector's speed, or how much it reads ahead of a hub that does not take.
package conntest
