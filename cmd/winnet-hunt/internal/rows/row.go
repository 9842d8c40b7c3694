// SPDX-License-Identifier: Apache-2.0

package rows

// Row is a row that is being stored. The names of its columns are those of the database.
type Row struct{ sink *sink }

// Table is the name of its table.
func (r Row) Table() string { return r.sink.table.name }

// Text returns the text of a column; "" if it has none.
func (r Row) Text(column string) string {
	s, _ := r.value(column).(string)
	return s
}

// Number returns the number of a column, for a time in microseconds since 1970; 0 if it has none.
func (r Row) Number(column string) int64 {
	n, _ := r.value(column).(int64)
	return n
}

func (r Row) value(column string) any {
	i, ok := r.sink.table.index[column]
	if !ok {
		if i, ok = r.sink.table.more[column[min(len(column), len(moreOf)):]]; !ok {
			return nil
		}
	}
	return r.sink.values[i]
}
