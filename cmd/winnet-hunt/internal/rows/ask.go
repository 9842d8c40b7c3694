// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
)

// Answer is the answer to a question. A row has a value for each column, of the type that question.Kind names.
type Answer struct {
	Columns []question.Column
	Rows    [][]any
}

// Ask asks a question. The caller owns the answer.
func (s *Store) Ask(ctx context.Context, q question.Question) (Answer, error) {
	a := Answer{Columns: q.Columns}
	err := s.Each(ctx, q, func(row []any) error {
		a.Rows = append(a.Rows, slices.Clone(row))
		return nil
	})
	return a, err
}

// Each asks a question, and calls do with each row of the answer. The row is valid until do returns. Several goroutines may ask at once. Each ends with
// the first error of do.
func (s *Store) Each(ctx context.Context, q question.Question, do func(row []any) error) error {
	conn, err := s.reader(ctx)
	if err != nil {
		return fmt.Errorf("question %s: %w", q.ID, err)
	}
	defer conn.Close()
	_, since, until := s.Span()
	statement := strings.NewReplacer("$begun", strconv.FormatInt(until.AddDate(0, 0, -q.Days).UnixMicro(), 10), "$since", strconv.FormatInt(since.UnixMicro(), 10), "$until", strconv.FormatInt(until.UnixMicro(), 10)).Replace(q.SQL)
	found, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return fmt.Errorf("question %s: %w", q.ID, err)
	}
	defer found.Close()
	row := make([]any, len(q.Columns))
	targets := make([]any, len(row))
	for i := range row {
		targets[i] = &row[i]
	}
	for found.Next() {
		if err := found.Scan(targets...); err != nil {
			return fmt.Errorf("question %s: %w", q.ID, err)
		}
		for i := range row {
			if row[i], err = value(q.Columns[i].Kind, row[i]); err != nil {
				return fmt.Errorf("question %s, column %s: %w", q.ID, q.Columns[i].Name, err)
			}
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return wrap(found, q.ID)
}

func wrap(found *sql.Rows, id string) error {
	if err := found.Err(); err != nil {
		return fmt.Errorf("question %s: %w", id, err)
	}
	return nil
}

// mostTexts is how many texts a list of an answer has; make_set of the queries has as many.
const mostTexts = 20

// value turns a value of the database into one of a kind.
func value(k question.Kind, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch k {
	case question.Int:
		if n, ok := v.(float64); ok {
			return int64(n), nil
		}
		if n, ok := v.(int64); ok {
			return n, nil
		}
	case question.Real:
		if n, ok := v.(int64); ok {
			return float64(n), nil
		}
		if n, ok := v.(float64); ok {
			return n, nil
		}
	case question.Time:
		if n, ok := v.(int64); ok {
			return time.UnixMicro(n).UTC(), nil
		}
	case question.Texts:
		if s, ok := v.(string); ok {
			list := []string{}
			err := json.Unmarshal([]byte(s), &list)
			slices.Sort(list)
			return list[:min(len(list), mostTexts)], err
		}
	default:
		if s, ok := v.(string); ok {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the value %v is of type %T; want a %s", v, v, k)
}
