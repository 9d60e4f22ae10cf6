package catalog

import (
	"slices"

	"datarun"
)

// revision checks what may become of an entry. Within a generation its rules only loosen, so every record that was ever
// accepted in the generation obeys the entry of today, and tables need nothing but more or wider columns. Anything else
// needs the next generation: a new topic, a new table, every record sent again.
func (d deed) revision(old, now *datarun.Resource) {
	switch int(now.Generation) { // int, so that the last generation has no next one
	case int(old.Generation):
	case int(old.Generation) + 1:
		return
	default:
		d.bad("generation", RuleRevision, "is %d, the entry is in generation %d: keep it, or %d for a new one", now.Generation, old.Generation, old.Generation+1)
		return
	}
	if now.Partitions != old.Partitions {
		d.bad("partitions", RuleRevision, "are fixed within a generation, which has %d: a record's key would move to another partition", old.Partitions)
	}
	if !slices.Equal(now.Key, old.Key) {
		d.bad("key", RuleRevision, "is fixed within a generation: records of the old key could not be replaced any more")
	}
	for i := range old.Items {
		if now.Item(old.Items[i].Name) == nil {
			d.bad("items", RuleRevision, "item %q is gone: readers of this generation count on it", old.Items[i].Name)
		}
	}
	for i := range now.Items {
		d.itemRevision(index("items", i), old.Item(now.Items[i].Name), &now.Items[i])
	}
}

func (d deed) itemRevision(path string, old, now *datarun.Item) {
	if old == nil {
		if now.Required {
			d.bad(join(path, "required"), RuleRevision, "a new item cannot be required: the records already there do not have it")
		}
		return
	}
	if now.Type != old.Type {
		d.bad(join(path, "type"), RuleRevision, "is %s and cannot become %s: the records already there are stored as %s", old.Type, now.Type, old.Type)
		return
	}
	if now.Required && !old.Required {
		d.bad(join(path, "required"), RuleRevision, "an item cannot become required: records already there may lack it")
	}
	if now.Code != old.Code && now.Code != "" {
		d.bad(join(path, "code"), RuleRevision, "cannot become %s: records already there were not checked for it", now.Code)
	}
	if narrower(old, now) {
		d.bad(join(path, "length"), RuleRevision, "can only grow: records already there may be that long")
	}
	if fixedScale(old) != fixedScale(now) {
		d.bad(join(path, "scale"), RuleRevision, "is %d and cannot change: amounts already there are stored with it", fixedScale(old))
	}
}

func narrower(old, now *datarun.Item) bool {
	switch old.Type {
	case datarun.Char: // 0 is no limit
		return now.Length != 0 && (old.Length == 0 || now.Length < old.Length)
	case datarun.Currency:
		before, _ := money(old)
		after, _ := money(now)
		return after < before
	default:
		return now.Length < old.Length
	}
}

func fixedScale(item *datarun.Item) int {
	if item.Type == datarun.Currency {
		_, scale := money(item)
		return scale
	}
	return item.Scale
}
