// Package house holds the rules of the house as tests over the whole module: who may import whom, what must be
// documented, how large a file may be, which names are not given. A breach fails the build and says why the rule is there.
//
// It guarantees: the rules are judged on the source alone, without building it or asking any tool but the standard
// library; every rule is shown to bite by a small example of its breach.
//
// It does not: judge style that gofmt and the linters judge (.golangci.yml), or hold code that anything else may import.
package house
