// Package need tells a test what it needs of the machine: a program, a service.
//
// It guarantees: what is missing skips the test on a laptop and fails it where DATARUN_NO_SKIP=1, so that CI cannot pass
// by having nothing to run.
//
// It does not: install anything; .ci/install does.
package need
