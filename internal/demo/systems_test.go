package demo

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"datarun"
)

// some is the table with its first rows only.
func (t *table) some(rows int) *table {
	short := *t
	short.rows = rows
	return &short
}

type page struct {
	Code int `json:"code"`
	Data struct {
		Total int                 `json:"total"`
		List  []map[string]string `json:"list"`
	} `json:"data"`
}

func get(t testing.TB, url, token string) (int, page) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p page
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		t.Fatalf("%s: %v", res.Status, err)
	}
	return res.StatusCode, p
}

func TestREST(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	base, err := startREST(ctx, allowances.some(1_200))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		query, token string
		status, rows int
	}{
		{"page=1&size=500", "", 401, 0},
		{"page=1&size=500", "wrong", 401, 0},
		{"page=1&size=500", restToken, 200, 500},
		{"page=3&size=500", restToken, 200, 200},
		{"page=4&size=500", restToken, 200, 0},
		{"page=0&size=500", restToken, 400, 0},
		{"page=1&size=1001", restToken, 400, 0},
		{"page=1", restToken, 400, 0},
	}
	for _, test := range tests {
		status, p := get(t, base+"/api/allowances?"+test.query, test.token)
		if status != test.status || len(p.Data.List) != test.rows {
			t.Errorf("%s, token %q: %d with %d rows, want %d with %d", test.query, test.token, status, len(p.Data.List), test.status, test.rows)
		}
		if status != 200 && p.Code != status {
			t.Errorf("%s: the body says code %d", test.query, p.Code)
		}
	}
	_, p := get(t, base+"/api/allowances?page=2&size=500", restToken)
	if want := allowances.row(500)[0]; p.Data.Total != 1_200 || p.Data.List[0]["resident_id"] != want {
		t.Errorf("page 2 does not begin with row 500, or the total is %d", p.Data.Total)
	}
}

// A second start finds its tables and writes nothing.
func TestFillOnce(t *testing.T) {
	d := database{"sqlite", filepath.Join(t.TempDir(), "a.db")}
	first, short := houses.some(1_001), permits.some(3)
	for i, want := range []int{1_004, 0} {
		n, err := d.fill(t.Context(), first, short)
		if err != nil || n != want {
			t.Fatalf("start %d wrote %d rows (%v), want %d", i+1, n, err, want)
		}
	}
	n, err := d.exec(t.Context(), fmt.Sprintf("UPDATE house SET owner_name = '张新主' WHERE house_no = '%s'", houses.row(1_000)[0]))
	if err != nil || n != 1 {
		t.Errorf("the last row is not there: %d, %v", n, err)
	}
}

func TestExec(t *testing.T) {
	p := places{dir: t.TempDir()}
	if _, err := Exec(t.Context(), p.dir, "SELECT 1"); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("no demo ran here: %v", err)
	}
	p.housing = database{"sqlite", p.path("housing.db")}
	if _, err := p.housing.fill(t.Context(), houses.some(10)); err != nil {
		t.Fatal(err)
	}
	if err := p.note(); err != nil {
		t.Fatal(err)
	}
	if n, err := Exec(t.Context(), p.dir, "UPDATE house SET price = '1.00'"); err != nil || n != 10 {
		t.Errorf("%d rows changed: %v", n, err)
	}
	if _, err := Exec(t.Context(), p.dir, "UPDATE nothing SET a = 1"); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("a bad statement: %v", err)
	}
}

// The files are as an office system writes them, whole, and alone in the folder.
func TestDropFiles(t *testing.T) {
	dir := t.TempDir()
	if err := dropCSV(dir, "residents.csv", residents.some(50)); err != nil {
		t.Fatal(err)
	}
	if err := dropWorkbook(dir, "stays.xlsx", stays.some(50)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v: %v", entries, err)
	}
	f, err := os.Open(filepath.Join(dir, "residents.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(simplifiedchinese.GB18030.NewDecoder().Reader(f)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, &residents, rows)
	book, err := excelize.OpenFile(filepath.Join(dir, "stays.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if rows, err = book.GetRows("Sheet1"); err != nil {
		t.Fatal(err)
	}
	sameRows(t, &stays, rows)
}

func sameRows(t *testing.T, tab *table, rows [][]string) {
	t.Helper()
	if len(rows) != 51 || !slices.Equal(rows[0], tab.header()) {
		t.Fatalf("%s: %d lines, header %v", tab.name, len(rows), rows[0])
	}
	for i := range 50 {
		if !slices.Equal(rows[i+1], tab.row(i)) {
			t.Errorf("%s: line %d is not row %d", tab.name, i+2, i)
		}
	}
}
