// SPDX-License-Identifier: Apache-2.0

// Executes parsers, rules and hunting queries of deploy/sentinel on rows: NODE_PATH=node_modules node run.cjs < JSON. The input is {now, tables: {name: [row]}, calls: [query]},
// where a query is a call of a parser, such as vimDnsWinnet(eventtype='*'), or the query of a rule or of a hunting query. {query, now, since} in its place is a run at another time: it
// sees the rows from since to then. The answer is a list of rows for each call. Times are texts. A row arrives at its TimeGenerated.
//
// This is not the service's engine. Microsoft's language service parses the text, and this program evaluates the tree: the operators and functions that
// they use, each after its page at https://learn.microsoft.com/kusto/query. Whatever else stands in a query is an error. A column of text that a row
// lacks is empty, as in a table; other columns are null. Whole numbers are exact up to 2^53.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { load, parserOf } = require('./workspace.cjs');

load();
const { KustoCode, Syntax } = Kusto.Language;
// memo keeps what a function returns for a node: each node is evaluated for each row.
const memo = (f, key = (n) => n) => { const found = new Map(); return (n) => { const k = key(n); if (!found.has(k)) found.set(k, f(n)); return found.get(k); }; };
const kind = memo((n) => System.Enum.toString(Syntax.SyntaxKind, n.Kind), (n) => n.Kind);
const fail = (n, why) => { throw new Error(`${kind(n)} ${JSON.stringify(String(n.ToString()).trim().slice(0, 80))}: ${why || 'is not supported'}`); };

// kids returns the nodes below a node, without tokens, and with the elements of lists in place of the lists.
const kids = memo((n) => {
  const out = [];
  for (let i = 0; i < n.ChildCount; i++) {
    const c = n.GetChild(i);
    if (!c || /(Token|Keyword)$/.test(kind(c))) continue;
    if (['List', 'SeparatedElement', 'ExpressionList'].includes(kind(c))) out.push(...kids(c));
    else out.push(c);
  }
  return out;
});
const word = memo((n) => n.ToString().trim());

// Rows are what a tabular expression gives.
class Rows { constructor(rows) { this.rows = rows; } }

// Time is a datetime and Span a timespan: a number of 100 ns, from the year 1 and in all.
class Time { constructor(t) { this.t = t; } }
class Span { constructor(t) { this.t = t; } }
const epoch = 621355968000000000n;
function time(text) {
  const m = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/.exec(text);
  return m ? new Time(BigInt(Date.parse(`${m[1]}Z`)) * 10000n + epoch + BigInt((m[2] || '').padEnd(7, '0'))) : null;
}
function showTime(v) {
  const since = v.t - epoch;
  return `${new Date(Number(since / 10000000n) * 1000).toISOString().slice(0, 19)}.${String(since % 10000000n).padStart(7, '0')}Z`;
}

const text = (v) => (v === null || v === undefined ? '' : v instanceof Time ? showTime(v) : typeof v === 'object' ? JSON.stringify(v) : String(v));
const whole = (v) => { const n = typeof v === 'string' ? (/^-?\d+$/.test(v.trim()) ? Number(v) : null) : typeof v === 'number' ? Math.trunc(v) : typeof v === 'boolean' ? Number(v) : null; return n; };
const isBag = (v) => v !== null && typeof v === 'object' && !Array.isArray(v) && !(v instanceof Time) && !(v instanceof Span);
const and = (a, b) => (a === false || b === false ? false : a === null || b === null ? null : true);
const or = (a, b) => (a === true || b === true ? true : a === null || b === null ? null : false);
const plain = (v) => (v instanceof Time || v instanceof Span ? v.t : v);

// hasTerm reports whether a text has another one between characters that are no letters and digits, in any case.
function hasTerm(where, what) {
  const [s, t] = [where.toLowerCase(), what.toLowerCase()];
  const inside = (c) => c !== undefined && /[a-z0-9]/.test(c);
  for (let i = s.indexOf(t); i >= 0 && t; i = s.indexOf(t, i + 1)) {
    if (!(inside(t[0]) && inside(s[i - 1])) && !(inside(t.at(-1)) && inside(s[i + t.length]))) return true;
  }
  return false;
}
const addresses = (s) => Array.from(s.matchAll(/(?<![A-Za-z0-9])(\d{1,3}(?:\.\d{1,3}){3})(?![A-Za-z0-9])/g), (m) => m[1]);

// ipv4 is an address as a number.
function ipv4(s) {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(s);
  return m && m.slice(1).every((x) => Number(x) < 256) ? m.slice(1).reduce((sum, x) => sum * 256 + Number(x), 0) : null;
}

const functions = {
  not: (a) => (a === null ? null : !a), isnull: (a) => a === null, isnotnull: (a) => a !== null, isempty: (a) => text(a) === '', isnotempty: (a) => text(a) !== '',
  coalesce: (...all) => { const found = all.find((v) => v !== null && v !== ''); return found === undefined ? all.at(-1) : found; },
  iff: (c, a, b) => (c === true ? a : b),
  case: (...all) => { for (let i = 0; i + 1 < all.length; i += 2) if (all[i] === true) return all[i + 1]; return all.at(-1); },
  strlen: (a) => text(a).length, tostring: text, toint: whole, tolong: whole, todouble: (a) => (text(a) === '' || isNaN(Number(text(a))) ? null : Number(text(a))),
  tobool: (a) => ({ true: true, false: false })[text(a).toLowerCase()] ?? null, todatetime: (a) => (a instanceof Time ? a : time(text(a))),
  strcat: (...all) => all.map(text).join(''), strcat_array: (list, by) => (list || []).map(text).join(by), tohex: (n, width) => (n === null ? '' : n.toString(16).padStart(width || 0, '0')),
  parse_json: (a) => { if (typeof a !== 'string') return a; try { return JSON.parse(a); } catch { return a === '' ? null : a; } },
  gettype: (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : isBag(v) ? 'dictionary' : { string: 'string', boolean: 'bool', number: Number.isInteger(v) ? 'long' : 'real' }[typeof v]),
  array_length: (v) => (Array.isArray(v) ? v.length : null), pack_array: (...all) => all,
  bag_pack: (...all) => Object.fromEntries(Array.from({ length: all.length / 2 }, (_, i) => [all[2 * i], all[2 * i + 1]])),
  // The leftmost bag wins.
  bag_merge: (...all) => Object.assign({}, ...all.filter(isBag).reverse()),
  bag_remove_keys: (bag, keys) => (isBag(bag) ? Object.fromEntries(Object.entries(bag).filter(([k]) => !keys.includes(k))) : null),
  ago: (span) => new Time(now.t - span.t), now: () => now, round: (n, digits) => Number(n.toFixed(digits)), split: (s, by) => text(s).split(by),
  datetime_diff: (unit, a, b) => { if (unit !== 'minute') throw new Error('datetime_diff is supported in minutes'); return Number(a.t / 600000000n - b.t / 600000000n); },
  bin: (v, by) => (v === null ? null : v instanceof Time ? new Time(v.t - (v.t % by.t)) : fail(v, 'bin is of times')),
  series_iir: (series, numerators, denominators) => {
    if (JSON.stringify([numerators, denominators]) !== '[[1],[1,-1]]') throw new Error('series_iir is supported as a running sum');
    let sum = 0;
    return (series || []).map((x) => (sum += x));
  },
  range: (from, to, step) => {
    const all = [];
    for (let t = from.t; t <= to.t; t += step.t) all.push(new Time(t));
    return all;
  },
  ceiling: Math.ceil, min_of: (...all) => Math.min(...all), max_of: (...all) => Math.max(...all),
  sqrt: Math.sqrt, log2: Math.log2, tolower: (a) => text(a).toLowerCase(), todynamic: (a) => functions.parse_json(a),
  substring: (s, from, length) => text(s).slice(from, from + length), countof: (s, what, how) => { if (how !== 'regex') throw new Error('countof is supported with regex'); return (text(s).match(new RegExp(what, 'g')) || []).length; },
  extract_all: (what, s) => Array.from(text(s).matchAll(new RegExp(what, 'gu')), (m) => m[1]),
  array_slice: (list, from, to) => list.slice(from, to + 1),
  parse_ipv4: (s) => ipv4(text(s)),
  ipv4_is_in_any_range: (s, ranges) => {
    const a = ipv4(text(s));
    return a === null ? null : ranges.some((r) => { const [base, bits] = r.split('/'); const size = 2 ** (32 - Number(bits)); return Math.floor(a / size) === Math.floor(ipv4(base) / size); });
  },
  has_ipv4: (s, ip) => addresses(text(s)).includes(ip),
  has_any_ipv4_prefix: (s, prefixes) => addresses(text(s)).some((a) => prefixes.some((p) => (p.endsWith('.') ? a.startsWith(p) : a === p))),
};

// Group is the rows of a group, in place of a row. The functions below are evaluated for it: each gets the group, and its arguments as functions of a row.
class Group { constructor(rows) { this.rows = rows; } }
const known = (g, of) => g.rows.map(of).filter((v) => v !== null && v !== '');
const least = (values, sign) => values.reduce((a, b) => (a === null || (plain(b) > plain(a)) === (sign > 0) ? b : a), null);
const distinct = (values) => values.filter((v, i) => values.findIndex((w) => text(w) === text(v)) === i);
const aggregates = {
  count: (g) => g.rows.length, count_distinct: (g, of) => new Set(g.rows.map((r) => text(of(r)))).size, take_anyif: (g, of, when) => { const r = g.rows.find((x) => when(x) === true); return r ? of(r) : null; },
  make_list_if: (g, of, when) => g.rows.filter((r) => when(r) === true).map(of),
  countif: (g, of) => g.rows.filter((r) => of(r) === true).length, sum: (g, of) => known(g, of).reduce((a, b) => a + b, 0), min: (g, of) => least(known(g, of), -1),
  max: (g, of) => least(known(g, of), 1), dcount: (g, of) => distinct(known(g, of)).length, take_any: (g, of) => known(g, of)[0] ?? null,
  avg: (g, of) => { const all = known(g, of); return all.reduce((a, b) => a + b, 0) / all.length; }, make_set: (g, of, most) => distinct(known(g, of)).slice(0, most(g.rows[0])),
};

const binary = {
  DivideExpression: (a, b) => (a instanceof Span && b instanceof Span ? Number(a.t) / Number(b.t) : a / b),
  AddExpression: (a, b) => (a instanceof Time ? new Time(a.t + b.t) : a instanceof Span ? new Span(a.t + b.t) : a + b),
  SubtractExpression: (a, b) => (a instanceof Time && b instanceof Span ? new Time(a.t - b.t) : a instanceof Time ? new Span(a.t - b.t) : a - b),
  ModuloExpression: (a, b) => a % b,
  MultiplyExpression: (a, b) => (b instanceof Span ? new Span(BigInt(Math.round(a * Number(b.t)))) : a * b),
  GreaterThanExpression: (a, b) => plain(a) > plain(b), GreaterThanOrEqualExpression: (a, b) => plain(a) >= plain(b),
  LessThanExpression: (a, b) => plain(a) < plain(b), LessThanOrEqualExpression: (a, b) => plain(a) <= plain(b),
};

// value evaluates an expression for a row, in a scope of names.
function value(n, row, scope) {
  const of = (x) => value(x, row, scope);
  const c = kids(n);
  switch (kind(n)) {
    case 'ParenthesizedExpression': return of(c[0]);
    case 'PipeExpression': return new Rows((operators[kind(c[1])] || fail(c[1]))(c[1], tabular(c[0], scope), scope));
    case 'UnionOperator': return new Rows(c.filter((x) => kind(x) !== 'NamedParameter').flatMap((x) => tabular(x, scope)));
    case 'DataTableExpression': return new Rows([]);
    case 'StringLiteralExpression': return n.LiteralValue ?? word(n).slice(1, -1);
    case 'LongLiteralExpression': return Number(word(n));
    case 'IntLiteralExpression': case 'DateTimeLiteralExpression': {
      const inside = /\((.*)\)/.exec(word(n))[1].trim();
      return inside === 'null' ? null : kind(n)[0] === 'I' ? Number(inside) : time(inside);
    }
    case 'TimespanLiteralExpression': {
      const m = /^(\d+)(ms|s|m|h|d)$/.exec(word(n)) || fail(n);
      return new Span(BigInt(m[1]) * { ms: 10000n, s: 10000000n, m: 600000000n, h: 36000000000n, d: 864000000000n }[m[2]]);
    }
    case 'RealLiteralExpression': return Number(word(n));
    case 'StartsWithExpression': return text(of(c[0])).toLowerCase().startsWith(text(of(c[1])).toLowerCase());
    case 'EndsWithExpression': return text(of(c[0])).toLowerCase().endsWith(text(of(c[1])).toLowerCase());
    case 'BetweenExpression': { const [v, low, high] = [of(c[0]), ...kids(c[1]).map(of)].map(plain); return v === null || low === null || high === null ? null : v >= low && v <= high; }
    case 'BooleanLiteralExpression': return word(n) === 'true';
    case 'DynamicExpression': return JSON.parse(/^dynamic\s*\(([\s\S]*)\)$/.exec(word(n))[1].replace(/'([^']*)'/g, '"$1"'));
    case 'NotInExpression': return !c.slice(1).flatMap((x) => of(x)).flat().includes(of(c[0]));
    case 'UnaryMinusExpression': return -of(c[0]);
    case 'NameReference': {
      const name = word(n);
      if (Object.hasOwn(row, name)) return row[name];
      return scope.has(name) ? scope.get(name) : fail(n, 'is no column and no name');
    }
    case 'PathExpression': { const v = of(c[0]); return (isBag(v) && Object.hasOwn(v, word(c[1])) ? v[word(c[1])] : null); }
    case 'ElementExpression': { const [v, at] = [of(c[0]), of(kids(c[1])[0])]; const x = typeof at === 'number' ? (Array.isArray(v) ? v.at(at) : null) : isBag(v) && Object.hasOwn(v, at) ? v[at] : null; return x === undefined ? null : x; }
    case 'AndExpression': return and(of(c[0]), of(c[1]));
    case 'OrExpression': return or(of(c[0]), of(c[1]));
    case 'EqualExpression': case 'NotEqualExpression': {
      let [a, b] = [of(c[0]), of(c[1])];
      if (typeof a === 'string' || typeof b === 'string') [a, b] = [text(a), text(b)];
      if (a === null || b === null) return null;
      return (plain(a) === plain(b)) === (kind(n) === 'EqualExpression');
    }
    case 'EqualTildeExpression': return text(of(c[0])).toLowerCase() === text(of(c[1])).toLowerCase();
    case 'InExpression': { const list = c.slice(1).flatMap((x) => of(x)); return list.flat().includes(of(c[0])); }
    case 'HasExpression': return hasTerm(text(of(c[0])), text(of(c[1])));
    case 'ContainsExpression': return text(of(c[0])).toLowerCase().includes(text(of(c[1])).toLowerCase());
    case 'HasAnyExpression': { const s = text(of(c[0])); return c.slice(1).flatMap((x) => of(x)).flat().some((t) => hasTerm(s, text(t))); }
    case 'FunctionCallExpression': {
      const name = word(c[0]);
      const f = scope.get(name);
      if (row instanceof Group && Object.hasOwn(aggregates, name)) return aggregates[name](row, ...c.slice(1).map((x) => (r) => value(x, r, scope)));
      if (name === 'prev') return row[before] ? value(c[1], row[before], scope) : null;
      if (name === 'ingestion_time') return row.TimeGenerated;
      if (f instanceof Func) return f.call(c.slice(1).map((x) => argument(x, row, scope)));
      if (!Object.hasOwn(functions, name)) fail(n);
      return functions[name](...c.slice(1).map(of));
    }
  }
  const f = binary[kind(n)] || fail(n);
  const [a, b] = [of(c[0]), of(c[1])];
  return a === null || b === null ? null : f(a, b);
}

// tabular evaluates an expression whose result is rows.
function tabular(n, scope) {
  const v = value(n, {}, scope);
  return v instanceof Rows ? v.rows : fail(n, 'is no table');
}

// argument returns [name, value] of an argument, which may have no name.
function argument(n, row, scope) {
  if (kind(n) !== 'SimpleNamedExpression') return ['', value(n, row, scope)];
  const [name, v] = kids(n);
  return [word(name), value(v, row, scope)];
}

// assigned evaluates A = x, B.
function assigned(list, row, scope) {
  return list.map((n) => (kind(n) === 'SimpleNamedExpression' ? [word(kids(n)[0]), value(kids(n)[1], row, scope)] : [word(n), value(n, row, scope)]));
}

// before is the property of a sorted row that has the row before it.
const before = Symbol('before');

// pipe applies operators to rows.
function pipe(n, rows, scope) {
  if (kind(n) !== 'PipeExpression') return (operators[kind(n)] || fail(n))(n, rows, scope);
  const c = kids(n);
  return pipe(c[1], pipe(c[0], rows, scope), scope);
}

const operators = {
  SortOperator: (n, rows, scope) => {
    const by = kids(n).map((o) => { const [what, how] = kind(o) === 'OrderedExpression' ? kids(o) : [o]; return [what, how && /asc/.test(word(how)) ? 1 : -1]; });
    const keyed = rows.map((r) => ({ r, keys: by.map(([what]) => plain(value(what, r, scope))) }));
    keyed.sort((a, b) => { for (let i = 0; i < by.length; i++) { if (a.keys[i] < b.keys[i]) return -by[i][1]; if (a.keys[i] > b.keys[i]) return by[i][1]; } return 0; });
    return keyed.map(({ r }, i) => Object.defineProperty({ ...r }, before, { value: i ? keyed[i - 1].r : null }));
  },
  JoinOperator: (n, rows, scope) => {
    const parts = kids(n);
    if (!/^kind\s*=\s*inner$/.test(word(parts[0]))) fail(n);
    const on = word(kids(parts.at(-1))[0]);
    const others = new Map();
    for (const r of tabular(parts[1], scope)) others.set(text(r[on]), [...(others.get(text(r[on])) || []), r]);
    return rows.flatMap((r) => (others.get(text(r[on])) || []).map((o) => ({ ...o, ...r })));
  },
  FilterOperator: (n, rows, scope) => rows.filter((r) => value(kids(n).at(-1), r, scope) === true),
  ExtendOperator: (n, rows, scope) => rows.map((r) => ({ ...r, ...Object.fromEntries(assigned(kids(n), r, scope)) })),
  ProjectOperator: (n, rows, scope) => rows.map((r) => Object.fromEntries(assigned(kids(n), r, scope))),
  ProjectAwayOperator: (n, rows) => { const gone = kids(n).map(word); return rows.map((r) => Object.fromEntries(Object.entries(r).filter(([k]) => !gone.includes(k)))); },
  SummarizeOperator: (n, rows, scope) => {
    const parts = kids(n);
    const by = parts.find((x) => kind(x) === 'SummarizeByClause');
    const groups = new Map();
    for (const r of rows) {
      const keys = assigned(by ? kids(by) : [], r, scope);
      const id = JSON.stringify(keys.map(([, v]) => text(v)));
      if (!groups.has(id)) groups.set(id, { keys, rows: [] });
      groups.get(id).rows.push(r);
    }
    return Array.from(groups.values(), (g) => Object.fromEntries([...g.keys, ...parts.filter((x) => x !== by).flatMap((a) => {
      if (kind(a) === 'SimpleNamedExpression') return assigned([a], new Group(g.rows), scope);
      const [name, most, ...more] = kids(a);
      if (kind(a) !== 'FunctionCallExpression' || word(name) !== 'arg_max') fail(a);
      const top = g.rows.reduce((x, y) => (plain(value(most, y, scope)) > plain(value(most, x, scope)) ? y : x));
      return [most, ...more].map((x) => [word(x), value(x, top, scope)]);
    })]));
  },
  MvExpandOperator: (n, rows, scope) => rows.flatMap((r) => {
    const lists = kids(n).map((e) => assigned([kids(e)[0]], r, scope)[0]);
    const length = Math.max(...lists.map(([, v]) => (Array.isArray(v) ? v.length : 0)));
    return Array.from({ length }, (_, i) => ({ ...r, ...Object.fromEntries(lists.map(([name, v]) => [name, v[i] ?? null])) }));
  }),
  MvApplyOperator: (n, rows, scope) => rows.flatMap((r) => {
    const parts = kids(n);
    const [name, list] = assigned([kids(parts[0])[0]], r, scope)[0];
    const each = (list || []).map((x) => ({ ...r, [name]: x }));
    return pipe(kids(parts.at(-1))[0], each, scope).map((found) => ({ ...r, ...found }));
  }),
};

// Func is a function: params are {name, value}, and run evaluates its body in a scope with its arguments.
class Func {
  constructor(params, scope, run) { Object.assign(this, { params, scope, run }); }
  call(given) {
    const inner = new Map(this.scope);
    this.params.forEach((p) => inner.set(p.name, p.value));
    given.forEach(([name, v], i) => {
      if (name && !this.params.some((p) => p.name === name)) throw new Error(`${name} is no parameter`);
      inner.set(name || this.params[i].name, v);
    });
    return this.run(inner);
  }
}

// statements runs let statements, and returns the value of the last statement.
function statements(list, scope) {
  let result = null;
  for (const s of list) {
    const c = kids(s);
    if (kind(s) !== 'LetStatement') {
      result = value(kind(s) === 'ExpressionStatement' ? c[0] : s, {}, scope);
    } else if (kind(c[1]) === 'FunctionDeclaration') {
      const [params, body] = kids(c[1]);
      const declared = kids(params).map((p) => { const [d, fallback] = kids(p); return { name: word(kids(d)[0]), value: fallback ? value(kids(fallback)[0], {}, scope) : null }; });
      scope.set(word(c[0]), new Func(declared, scope, (inner) => statements(kids(body), inner)));
    } else scope.set(word(c[0]), value(c[1], {}, scope));
  }
  return result;
}

const query = (source, scope) => statements(kids(KustoCode.Parse(source).Syntax), scope);

// The tables have the types of their columns: a text that a row lacks is empty, and a time is read.
const root = path.join(__dirname, '../../..');
function table(name, rows) {
  const file = [['exporter/azure/internal/columns', others[name] || name], ['internal/tools/node/tables', name]].map(([folder, f]) => path.join(root, folder, `${f}.tsv`)).find(fs.existsSync);
  if (!file) throw new Error(`${name} is no table of the workspace`);
  const columns = [['Type', 'string'], ['_ItemId', 'string'], ...fs.readFileSync(file, 'utf8').split('\n').filter((l) => /^[A-Z]/.test(l)).map((l) => l.split('\t'))];
  return new Rows(rows.map((row) => {
    const strange = Object.keys(row).find((k) => !columns.some(([c]) => c === k));
    if (strange) throw new Error(`${name} has no column ${strange}`);
    return Object.fromEntries(columns.map(([c, type]) => {
      const v = c === 'Type' ? name : row[c] ?? (type === 'string' ? '' : null);
      return [c, type === 'datetime' && v !== null ? time(v) : v];
    }));
  }));
}
// The lists of columns of tables that have another name.
const others = { WinnetDnsArchive_CL: 'ASimDnsActivityLogs', WinnetNetworkArchive_CL: 'ASimNetworkSessionLogs', WinnetStatus_CL: 'WinnetStatus' };

const input = JSON.parse(fs.readFileSync(0, 'utf8'));
const usual = time(input.now || '2026-03-04T06:00:00Z');
let now = usual;
const stored = ['ASimDnsActivityLogs', 'ASimNetworkSessionLogs', 'ASimAuditEventLogs', 'AppTraces', ...Object.keys(others)].map((name) => [name, table(name, input.tables[name] || []).rows]);
// workspaceAt returns the tables and functions at a time: what has arrived until then, and is not older than since, if that is given.
const workspaceAt = memo((call) => {
  const [until, since] = [call.now, call.since].map((at) => (at ? time(at) : null));
  const seen = (r) => r.TimeGenerated === null || ((!until || r.TimeGenerated.t <= until.t) && (!since || r.TimeGenerated.t >= since.t));
  const workspace = new Map(stored.map(([name, rows]) => [name, new Rows(rows.filter(seen))]));
  // The deployment's functions have a file each, which gives the two parameters values.
  for (const file of fs.readdirSync(path.join(root, 'deploy/sentinel')).filter((f) => /^Winnet.*\.kql$/.test(f))) {
    const text = fs.readFileSync(path.join(root, 'deploy/sentinel', file), 'utf8').split('\n').filter((line) => !/^let (starttime|endtime) =/.test(line)).join('\n');
    workspace.set(path.basename(file, '.kql'), new Func(['starttime', 'endtime'].map((name) => ({ name, value: null })), workspace, memo((scope) => query(text, scope), (scope) => `${plain(scope.get('starttime'))} ${plain(scope.get('endtime'))}`)));
  }
  const folder = path.join(root, 'deploy/sentinel/parsers');
  for (const file of fs.readdirSync(folder)) {
    const p = parserOf(path.join(folder, file));
    const params = p.params.map((q) => ({ name: q.name, value: query(q.value, new Map()) }));
    workspace.set(p.name, new Func(params, workspace, (scope) => query(p.text, scope)));
  }
  return workspace;
}, (call) => `${call.now} ${call.since}`);
// A value that a row does not have is left out.
const shown = (row) => Object.fromEntries(Object.entries(row).filter(([, v]) => v !== null && v !== '').map(([k, v]) => [k, v instanceof Time ? showTime(v) : v]));
console.log(JSON.stringify(input.calls.map((c) => {
  const call = typeof c === 'string' ? { query: c } : c;
  now = call.now ? time(call.now) : usual;
  return query(call.query, new Map(workspaceAt(call))).rows.map(shown);
})));
