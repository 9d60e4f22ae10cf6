package landing_test

import (
	"testing"

	"datarun/warehouse/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
