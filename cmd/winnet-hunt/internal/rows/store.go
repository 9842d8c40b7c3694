// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// Store is a database of rows. First rows are added, by one goroutine. After Finish questions are asked.
type Store struct {
	db     *sql.DB
	conn   *sql.Conn // that adds rows; nil after Finish
	temp   string    // the folder for what does not fit into memory
	sinks  map[string]*sink
	writer *sentinelrow.Writer
	// Counts has the number of stored rows by table. A packed row counts as the rows that it stands for.
	Counts map[string]int64
	// Others has the number of rows of tables that are not stored, by table; "" are records that have no row.
	Others map[string]int64
	// pending are the rows of the transaction, committed the Counts before it. failed is set when a row could not be stored.
	pending   int
	committed map[string]int64
	failed    bool
	// Seen is called with each row that is stored; nil is not called. The row is valid until it returns.
	Seen        func(Row)
	first, last int64 // the times of the rows, in microseconds since 1970; first is 0 before any
}

// sink takes the rows of a table.
type sink struct {
	table   *table
	values  []driver.Value
	inserts map[uint64]*insert // by the columns that have a value
	all     *insert            // for rows whose columns have no statement of their own
}

// mostInserts bounds the memory of the statements. Rows of one kind of event have values in the same columns.
const mostInserts = 256

// insert inserts rows that have values in some columns. Each value that is bound costs, so the others, about half, are left to their default.
type insert struct {
	statement
	columns []int
	named   []driver.NamedValue
}

// statement is a prepared statement of the driver: it saves the work of database/sql for each row.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
}

// Open creates a database in a new file; a file that is there is replaced.
func Open(path string) (*Store, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	registerFunctions()
	db, err := sql.Open("sqlite", source(path))
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, temp: filepath.Dir(path), sinks: map[string]*sink{}, writer: sentinelrow.New(), Counts: map[string]int64{}, Others: map[string]int64{}, committed: map[string]int64{}}
	if err := s.create(); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) create() (err error) {
	// One connection has the transaction, and the cache of at most 64 MiB.
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(context.Background()); err != nil {
		return err
	}
	if err := prepare(context.Background(), s.conn); err != nil {
		return err
	}
	// SQLite has one folder for temporary files in a process.
	if err := s.exec("PRAGMA temp_store_directory = '" + strings.ReplaceAll(s.temp, "'", "''") + "'"); err != nil {
		return err
	}
	if err := s.exec("BEGIN"); err != nil {
		return err
	}
	for name, t := range tables() {
		if err := s.exec(t.create()); err != nil {
			return err
		}
		k := &sink{table: t, values: make([]driver.Value, len(t.columns)), inserts: map[uint64]*insert{}}
		if k.all, err = s.prepare(t, 1<<len(t.columns)-1); err != nil {
			return err
		}
		s.sinks[name] = k
	}
	return nil
}

// prepare prepares the insertion of rows that have values in some columns, a bit each.
func (s *Store) prepare(t *table, columns uint64) (*insert, error) {
	var in insert
	for i := range t.columns {
		if columns&(1<<i) != 0 {
			in.columns = append(in.columns, i)
			in.named = append(in.named, driver.NamedValue{Ordinal: len(in.named) + 1})
		}
	}
	err := s.conn.Raw(func(c any) error {
		prepared, err := c.(driver.Conn).Prepare(t.insert(in.columns))
		if err == nil {
			in.statement = prepared.(statement)
		}
		return err
	})
	return &in, err
}

// insertOf returns the insertion for the values.
func (s *Store) insertOf(k *sink) (*insert, error) {
	var columns uint64
	for i, v := range k.values {
		if v != nil && v != "" {
			columns |= 1 << i
		}
	}
	in := k.inserts[columns]
	switch {
	case in != nil:
	case columns == 0 || len(k.inserts) == mostInserts:
		in = k.all
	default:
		var err error
		if in, err = s.prepare(k.table, columns); err != nil {
			return nil, err
		}
		k.inserts[columns] = in
	}
	for n, i := range in.columns {
		in.named[n].Value = k.values[i]
	}
	return in, nil
}

// source is the name of a database for the driver, which takes what follows a question mark for options.
func source(path string) string {
	if !strings.ContainsAny(path, "?#%") {
		return path
	}
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path))
}

// prepare sets what a connection has: a journal in memory, since nothing is to survive a crash but a full disk; a cache of at most 64 MiB, and files for
// what needs more.
func prepare(ctx context.Context, conn *sql.Conn) error {
	for _, pragma := range []string{"journal_mode = MEMORY", "synchronous = OFF", "cache_size = -65536", "temp_store = FILE"} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	return nil
}

// reader returns a connection for a question. The caller closes it.
func (s *Store) reader(ctx context.Context) (*sql.Conn, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (s *Store) exec(statement string) error {
	_, err := s.conn.ExecContext(context.Background(), statement)
	return err
}

// AddLogs adds the rows that the exporter sentinel writes for log records.
func (s *Store) AddLogs(logs plog.Logs) error {
	without, err := s.writer.Each(logs, s.Add)
	if without > 0 {
		s.Others[""] += int64(without)
	}
	return err
}

// Add adds a row, the JSON object that the exporter sends. It keeps no part of row.
func (s *Store) Add(table string, row []byte) error {
	k := s.sinks[table]
	if k == nil {
		s.Others[table]++
		return nil
	}
	packed, err := k.fill(row)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	if packed != nil {
		return s.unpack(k, packed)
	}
	return s.store(k)
}

// fill sets the values to those of a row. packed is AdditionalFields of a packed row.
func (k *sink) fill(row []byte) (packed []byte, err error) {
	for i, c := range k.table.columns {
		k.values[i] = nil
		if c.kind == text || c.kind == list {
			k.values[i] = ""
		}
	}
	return packed, members(row, func(key, value []byte) error {
		if i, ok := k.table.index[string(key)]; ok {
			k.put(i, value)
		} else if string(key) == "AdditionalFields" && value[0] == '{' {
			return members(value, func(key, inner []byte) error {
				if i, ok := k.table.more[string(key)]; ok {
					k.put(i, inner)
				} else if string(key) == "Sums" && k.table.name == sentinelrow.DNS {
					packed = value
				}
				return nil
			})
		}
		return nil
	})
}

// store inserts the values.
func (s *Store) store(k *sink) error {
	t := k.table
	for _, i := range t.derived {
		d := derive[t.columns[i].name]
		k.values[i] = d.make(k.values[t.index[d.from]].(string))
	}
	if at, ok := k.values[t.index["TimeGenerated"]].(int64); ok {
		if s.first == 0 || at < s.first {
			s.first = at
		}
		s.last = max(s.last, at)
	}
	if s.Seen != nil {
		s.Seen(Row{k})
	}
	in, err := s.insertOf(k)
	if err == nil {
		_, err = in.ExecContext(context.Background(), in.named)
	}
	if err != nil {
		s.failed = true
		return fmt.Errorf("%s: %w", t.name, err)
	}
	s.Counts[t.name]++
	if s.pending++; s.pending == commitEvery {
		return s.commit("BEGIN")
	}
	return nil
}

// commitEvery is how many rows a transaction has. When the disk gets full, the rows of one are lost, and the others stay.
const commitEvery = 10_000

// commit ends the transaction, and executes what is to follow.
func (s *Store) commit(next string) error {
	if err := s.exec("COMMIT"); err != nil {
		s.failed = true
		return err
	}
	s.pending, s.committed = 0, maps.Clone(s.Counts)
	return s.exec(next)
}

// Finish ends the adding of rows. After an error, of Finish or before, questions are asked of the rows that were committed, and Counts has these.
func (s *Store) Finish() error {
	for _, k := range s.sinks {
		for _, in := range append(slices.Collect(maps.Values(k.inserts)), k.all) {
			if err := in.Close(); err != nil {
				return err
			}
		}
	}
	var err error
	if !s.failed {
		err = s.commit("ANALYZE")
	}
	if s.failed {
		_ = s.exec("ROLLBACK") // SQLite may have done it
		s.Counts = s.committed
	}
	err = errors.Join(err, s.conn.Close())
	s.conn = nil
	s.db.SetMaxOpenConns(0)
	return err
}

// Span returns the times of the first and the last row, and the time that divides what is watched from what it is compared with: a day before the end, but
// not before the middle. All are zero if there are no rows.
func (s *Store) Span() (first, since, last time.Time) {
	if s.first == 0 {
		return first, since, last
	}
	first, last = time.UnixMicro(s.first).UTC(), time.UnixMicro(s.last).UTC()
	since = last.Add(-24 * time.Hour)
	if middle := first.Add(last.Sub(first) / 2); since.Before(middle) {
		since = middle
	}
	return first, since, last
}

// DB returns the database, for queries of one's own.
func (s *Store) DB() *sql.DB { return s.db }

// Close closes the database. The file stays.
func (s *Store) Close() error {
	if s.conn == nil {
		return s.db.Close()
	}
	return errors.Join(s.conn.Close(), s.db.Close())
}
