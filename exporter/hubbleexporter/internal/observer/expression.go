// SPDX-License-Identifier: Apache-2.0

// Filters by CEL expressions, as Hubble's, but with bounds: Hubble evaluates any expression of a client, however long it takes.

package observer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/filters"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// maxCost is the highest cost of an expression for one flow, in CEL's units; it takes about 10 ms. A test of 100 labels costs some 500.
	maxCost = 20_000
	// costCheck is the number of steps of a loop after which the evaluation checks whether the stream has ended.
	costCheck = 64
	// maxMatchStates is the largest number of parts of all regular expressions in one CEL expression.
	maxMatchStates = maxStates / maxExpressions
)

// environment has the names that Hubble's expressions use.
func environment() (*cel.Env, error) {
	return cel.NewEnv(cel.Container("flow"), cel.Types(&flowpb.Flow{}), cel.Variable("_flow", cel.ObjectType("flow.Flow")))
}

// expressions makes the filter by expressions. As with Hubble, a flow passes if one expression is true and no expression before it fails. An expression that
// costs more than maxCost has no known result, so it ends the stream by stop.
func expressions(env *cel.Env, stop context.CancelCauseFunc) filters.OnBuildFilter {
	return filters.OnBuildFilterFunc(func(ctx context.Context, ff *flowpb.FlowFilter) ([]filters.FilterFunc, error) {
		texts := ff.GetExperimental().GetCelExpression()
		if len(texts) == 0 {
			return nil, nil
		}
		programs := make([]cel.Program, 0, len(texts))
		for _, text := range texts {
			program, err := compile(env, text)
			if err != nil {
				return nil, err
			}
			programs = append(programs, program)
		}
		return []filters.FilterFunc{func(e *v1.Event) bool {
			values := map[string]any{"_flow": e.GetFlow()}
			for _, p := range programs {
				out, _, err := p.ContextEval(ctx, values)
				if cancelled := (interpreter.EvalCancelledError{}); errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded {
					stop(status.Errorf(codes.ResourceExhausted, "a CEL expression costs more than %d for one flow; want a cheaper one", maxCost))
				}
				switch {
				case err != nil:
					return false
				case out.Value() == true:
					return true
				}
			}
			return false
		}}, nil
	})
}

// compile makes a program of an expression, unless its cost has no bound. Errors of the expression are in Hubble's words.
func compile(env *cel.Env, text string) (cel.Program, error) {
	checked, issues := env.Compile(text)
	err := issues.Err()
	if err == nil && !checked.OutputType().IsExactType(cel.BoolType) {
		err = fmt.Errorf("got %q, wanted %q result type", checked.OutputType(), cel.BoolType)
	}
	if err != nil {
		return nil, fmt.Errorf("error compiling CEL expression: %w", err)
	}
	sizes := map[string]int{}
	if err := bounded(checked.NativeRep(), sizes); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "CEL expression: %v", err)
	}
	matching := interpreter.OverloadCostTracker(overloads.MatchesString, func(args []ref.Val, _ ref.Val) *uint64 {
		text, _ := args[0].Value().(string)
		pattern, _ := args[1].Value().(string)
		cost := uint64(len(text)/10+1) * uint64(sizes[pattern]/4+1)
		return &cost
	})
	// Without the optimization each evaluation of matches would compile its regular expression.
	return env.Program(checked, cel.CostLimit(maxCost), cel.CostTrackerOptions(matching), cel.InterruptCheckFrequency(costCheck),
		cel.OptimizeRegex(interpreter.MatchesRegexOptimization))
}

// bounded returns an error for an expression that can take more time or memory than CEL counts. CEL counts the steps and the length of texts. It does not
// count the parts of a list that contains another list several times, as in [x, x] or x + x, nor the size of a regular expression. The sizes of the regular
// expressions go into sizes, by pattern.
func bounded(expression *ast.AST, sizes map[string]int) error {
	types := expression.TypeMap()
	for _, id := range slices.Sorted(maps.Keys(types)) {
		if t := types[id]; !flat(t) {
			return fmt.Errorf("this server does not evaluate values of type %s, only lists and maps of simple values and of messages", t)
		}
	}
	var refused error
	ast.PreOrderVisit(expression.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.StructKind:
			refused = errors.New("this server does not evaluate expressions that make a message")
		case ast.CallKind:
			called := expression.GetOverloadIDs(e.ID())
			switch arguments := e.AsCall().Args(); {
			case slices.Contains(called, overloads.AddList):
				refused = errors.New("this server does not evaluate expressions that join lists, as filter and map do; want exists or all")
			case e.AsCall().FunctionName() == overloads.Matches && arguments[len(arguments)-1].Kind() != ast.LiteralKind:
				refused = errors.New("this server wants the regular expression of matches as a text in quotes")
			case e.AsCall().FunctionName() == overloads.Matches:
				pattern, _ := arguments[len(arguments)-1].AsLiteral().Value().(string)
				sizes[pattern] = parts(pattern)
			}
		}
	}))
	return errors.Join(refused, checkParts(maxMatchStates, slices.Sorted(maps.Keys(sizes))...))
}

// flat reports whether a value of a type is a simple one or a message, or a list or a map of such.
func flat(t *cel.Type) bool {
	switch t.Kind() {
	case cel.DynKind:
		return false
	case cel.ListKind, cel.MapKind:
		return !slices.ContainsFunc(t.Parameters(), func(of *cel.Type) bool {
			return slices.Contains([]cel.Kind{cel.ListKind, cel.MapKind, cel.DynKind, cel.AnyKind, cel.TypeParamKind}, of.Kind())
		})
	}
	return true
}
