package files

// help is Connector.Help.
const help = `# files: a drop folder

Reads CSV, xlsx and JSON lines files that are put into one folder, oldest first, each once. A file that was read is
moved to ` + "`done/`" + ` when the hub has stored all its records; one that makes no sense as a whole (a column is
missing, it is no workbook) leaves one entry in quarantine and is moved to ` + "`failed/`" + `. To have a corrected file
read, put it into the folder again, under any name.

## Settings

| key | type | default | meaning |
|---|---|---|---|
| folder | path | required | the drop folder; the hub must be able to read it and to move files in it |
| done | path | "done" | where files go that were read; below the folder |
| failed | path | "failed" | where files go that could not be understood; below the folder |
| settle | time span | "2s" | a file is taken only after its size and time stayed the same for so long |
| zone | offset | "+08:00" | the zone of times that come without one |
| max_line | bytes | "1MiB" | the longest line, and the longest record that a quoted cell makes; at most 16MiB |

Example: ` + "`{\"folder\": \"/srv/drop/police\", \"settle\": \"5s\"}`" + `

Names beginning with ` + "`.` or `~$`" + ` and names ending in ` + "`.tmp`, `.part` or `.filepart`" + ` are left alone:
best is to write under such a name and rename when done. Symbolic links to files are left alone too.

## Stream

object is a pattern below the folder: ` + "`persons-*.csv`, `2024/*/house.xlsx`" + `. ` + "`*`" + ` stands for any
characters but a slash, ` + "`?`" + ` for one, ` + "`[ab]`" + ` for one of several. Two streams must not share a file.

| option | type | default | meaning |
|---|---|---|---|
| format | csv, xlsx, jsonl | by extension | .csv .tsv .txt; .xlsx .xlsm; .jsonl .ndjson .json |
| columns | object | {} | item name → column name (or member name); "" says that the file has no such column |
| header | number | 1 | CSV, xlsx: the line that holds the column names; what is above it is skipped |
| encoding | auto, utf-8, gbk, gb18030 | "auto" | CSV: auto is UTF-8 if most lines are valid UTF-8, else GB18030 |
| delimiter | one character | "," | CSV: ` + "`\"\\t\"`" + ` for tabs |
| sheet | name | the first | xlsx: the sheet to read |

Example: ` + "`{\"encoding\": \"gbk\", \"columns\": {\"id\": \"身份证号\", \"name\": \"姓名\"}}`" + `

An item is looked for under the name that columns gives, else under its own name, else under its title. A file without
a column for every item is refused: say "" in columns where that is meant. Further columns are ignored.

## What becomes of values

Every cell is handed over as text, exactly as it stands; an empty cell of an item that is no text is null. Only for
items of type D and T other spellings are accepted: 2006/1/2, 2006.1.2, 2006年1月2日, 20060102, with a time 15:04 or
15:04:05; a T without a zone gets that of the settings. In xlsx, cells that show a date are dates; numbers are taken with
the 15 digits that Excel keeps, so long numbers such as identity numbers must be text cells; a cell with an error, or a
formula that was never calculated, makes its row faulty.

CSV follows RFC 4180. A row with a broken quote, with more or fewer cells than the header, with bytes that are not valid
in the encoding, or longer than max_line goes to quarantine with file and line, and reading goes on at the next line.

Files add and change records; they cannot delete any.
`
