package demo

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"datarun"
)

// dropCSV writes the table as a GBK CSV with Chinese headers, as an office system exports it, under another name first
// so that nobody takes half of it.
func dropCSV(folder, name string, t *table) error {
	half := filepath.Join(folder, name+".part")
	f, err := os.Create(half)
	if err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	defer f.Close()
	gbk := simplifiedchinese.GB18030.NewEncoder().Writer(f)
	w := csv.NewWriter(gbk)
	w.UseCRLF = true
	_ = w.Write(t.header()) // Flush reports what Write could not do
	for i := range t.rows {
		_ = w.Write(t.row(i))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	if err := f.Close(); err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	return os.Rename(half, filepath.Join(folder, name))
}

// dropWorkbook writes the table as an xlsx file.
func dropWorkbook(folder, name string, t *table) error {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	for i := -1; i < t.rows; i++ {
		values := t.header()
		if i >= 0 {
			values = t.row(i)
		}
		cells := make([]any, len(values))
		for j, v := range values {
			cells[j] = v
		}
		if err := sheet.SetRow("A"+strconv.Itoa(i+2), cells); err != nil {
			return datarun.Errorf(datarun.Internal, "demo", "%w", err)
		}
	}
	if err := sheet.Flush(); err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	half := filepath.Join(folder, ".half-"+name)
	if err := book.SaveAs(half); err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	return os.Rename(half, filepath.Join(folder, name))
}

// header are the Chinese names of the columns.
func (t *table) header() []string {
	var h []string
	for _, c := range t.columns {
		h = append(h, c.comment)
	}
	return h
}
