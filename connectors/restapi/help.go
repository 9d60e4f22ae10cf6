package restapi

// help is Connector.Help.
const help = `# restapi: a JSON API over HTTP

Reads a listing that a service answers as JSON, page by page. Numbers are handed over exactly as the answer writes them.

## Settings

| key | type | default | meaning |
|---|---|---|---|
| url | address | required | where the service is: ` + "`https://host/api`" + ` |
| headers | object | {} | sent with every request, for keys and tokens: ` + "`{\"Authorization\": \"Bearer …\"}`" + ` |
| ca | path or PEM | the system's | certificates that sign the service's; a file, or the PEM text itself |
| timeout | time span | "30s" | for one try, with its answer |
| rate | number | 10 | most requests a second; 0 for no limit |
| retries | number | 5 | tries after the first, on 429, 408, 5xx and lost connections; Retry-After is obeyed |
| retry_for | time span | "2m" | most time for one page with all its tries |
| max_answer | bytes | "32MiB" | largest answer, after decompression; at most 256MiB |
| zone | offset | "+08:00" | the zone of times that come without one |
| samples | paths | the url itself | what discover looks at: ` + "`[\"v1/persons?page=1\"]`" + ` |

Redirects are followed on the same host only.

## Stream

object is the path below url, with a query if need be: ` + "`v1/persons?status=all`" + `.

| option | type | default | meaning |
|---|---|---|---|
| mode | page, offset, cursor, since, single | "page" | how the listing is asked for, see below |
| records | path | the answer itself | where the array of records is: ` + "`data.list`" + ` |
| columns | object | {} | item name → path in the record, ` + "`holder.id`" + `; "" says that the answer does not have it |
| method | GET, POST | "GET" | |
| query | object | {} | parameters sent with every request |
| body | any JSON | none | POST: sent with every request; the strings "{page}", "{size}", "{offset}", "{cursor}" and "{since}" are replaced |
| ok_path, ok_values | path, texts | none | where the answer says that it succeeded, and what: "code", ["0", "200"] |
| size | number | 500 | records asked for at once |
| size_param | name | "size", else "limit" | the parameter for it; in page mode "size" |
| end | empty, short | "empty" | page, offset, since: which page is the last: one without records, or also one with fewer than size |
| max_pages | number | 100000 | a listing that has more is an error |
| full_every | time span | "1h" | page, offset, cursor, single: when everything is listed again |

Examples: ` + "`{\"mode\": \"page\", \"records\": \"data.list\", \"columns\": {\"id\": \"idCard\"}}`" + `,
` + "`{\"mode\": \"since\", \"since_param\": \"updatedAfter\", \"since_item\": \"updateTime\", \"records\": \"rows\"}`" + `

### Modes

* **page**: page_param (default "page") counts from first (default 1).
* **offset**: offset_param (default "offset") is the number of records taken.
* **cursor**: next is the path of the next page's token in the answer (required), cursor_param (default "cursor") sends it
  back. The listing ends where there is no token, or the same again. With follow: true the last token is kept and asked
  again, for services that give later changes behind it.
* **since**: since_param (default "since") says from when on; since_item is the path of the time or number in a record
  (required); since_as is "time" (default) or "number"; since_start is where to begin (default: without the parameter);
  overlap is how much earlier to ask, "1m" by default for times, 0 for numbers. Answers must be sorted by it, rising,
  unless they are paged: set page_param, offset_param or next for that. A time more than a day ahead of the clock does not
  move the position. A "time" is asked for in the form that the records write it in.
* **single**: one answer holds everything.

page, offset, cursor and single cannot tell what changed: everything is listed and handed over again after full_every,
and the hub takes what is the same without harm. Deletes are never seen.

Only where an item's type is T or D are values rewritten: 2006-01-02 15:04:05 gets the zone, 2006/1/2 and 20060102 are
dates, a T given as seconds (10 digits) or milliseconds (13 digits) since 1970 becomes a time.

A page that is no JSON, that repeats the one before, or that comes after max_pages is an error which names the page. An
array element that is no object goes to quarantine with page and row.
`
