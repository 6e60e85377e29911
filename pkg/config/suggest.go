package config

import (
	"slices"
	"strings"
	"unicode"
)

// Nearest returns the candidate that word is most likely a misspelling of, or "".
func Nearest(word string, candidates []string) string {
	const longest = 64 // no key is longer, and distance is quadratic
	if len(word) > longest {
		return ""
	}
	best, bestDistance := "", len(word)/3+2
	if len(word) <= 3 {
		bestDistance = 2
	}
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(plain(word), plain(c)); d < bestDistance && d < len(c) {
			best, bestDistance = c, d
		}
	}
	return best
}

// plain levels out what is a matter of habit: case, and the separator of words.
func plain(key string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, key)
}

// distance is the least number of characters to insert, remove, replace or swap
// with their neighbour to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// list joins words as "a, b or c".
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
