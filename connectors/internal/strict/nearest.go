package strict

// Nearest returns the name that key was most likely meant to be: the one with the fewest edits, at most two and fewer
// than half of the key's letters; empty when none is near.
func Nearest(key string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance([]rune(key), []rune(name)); d < least && d*2 < len([]rune(key)) {
			best, least = name, d
		}
	}
	return best
}

// distance is the edit distance of a and b where swapping two neighbours is one edit.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
