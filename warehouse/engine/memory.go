package engine

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// fallbackMemory is assumed where the machine does not tell.
const fallbackMemory = 4 << 30

// machineMemory is the machine's memory in bytes, or the limit of the control group when that is lower.
func machineMemory() int64 {
	total := meminfo()
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && limit < total {
			return limit
		}
	}
	return total
}

func meminfo() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return fallbackMemory
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	return fallbackMemory
}
