// SPDX-License-Identifier: Apache-2.0

// Compiles a Bicep file to an ARM template and prints it as JSON: NODE_PATH=node_modules node bicep.cjs main.bicep. It supports the part
// of the language that deploy/sentinel uses. Anything else, and any syntax error, is an error with its place and exit code 1. It checks
// that every name is declared once, and that every declaration is used. It does not check types or properties.
'use strict';

const fs = require('node:fs');
const { Parser, Language } = require('web-tree-sitter');

const file = process.argv[2];

function fail(node, message) {
  const at = node.startPosition;
  console.error(`${file}:${at.row + 1}:${at.column + 1}: ${message}`);
  process.exit(1);
}

const params = {}, variables = {}, resources = {}; // by symbol; resources: {type, apiVersion, node, …}
const used = new Set();

const named = (node) => node.namedChildren.filter((n) => n.type !== 'comment');

function string(node) {
  const parts = named(node);
  // A text of several lines has no escapes, and begins after the first line break.
  if (node.child(0).text === "'''") return parts.map((p) => p.text).join('').replace(/^\n/, '');
  if (parts.every((p) => p.type === 'string_content' || p.type === 'escape_sequence')) return literal(parts);
  let format = '', args = [];
  for (const part of parts) {
    if (part.type === 'interpolation') {
      format += `{${args.length}}`;
      args.push(expression(named(part)[0]));
    } else format += literal([part]);
  }
  return new Expression(`format(${[quote(format), ...args.map(String)].join(', ')})`);
}

const literal = (parts) => parts.map((p) => (p.type === 'escape_sequence' ? p.text.slice(1) : p.text)).join('');
const quote = (text) => `'${text.replaceAll("'", "''")}'`;

// Expression is an ARM expression, as opposed to a value. String returns its text without brackets.
class Expression {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

// expression returns the text of a node inside an expression.
function expression(node) {
  const v = value(node);
  if (v instanceof Expression) return v.text;
  if (v === null) return 'null()';
  if (typeof v === 'string') return quote(v);
  if (Array.isArray(v) && v.length === 0) return 'createArray()';
  if (typeof v === 'object' && Object.keys(v).length === 0) return 'createObject()';
  if (typeof v === 'boolean') return v ? 'true()' : 'false()';
  fail(node, 'this value in an expression is not supported');
}

const id = (r) => r.parent
  ? `resourceId('${r.type}', ${expressionOf(r.parent.name)}, ${expressionOf(r.name)})`
  : `resourceId('${r.type}', ${expressionOf(r.name)})`;
const expressionOf = (v) => (v instanceof Expression ? v.text : quote(v));

// value returns a JSON value, or an Expression.
function value(node) {
  switch (node.type) {
    case 'string': return string(node);
    case 'boolean': return node.text === 'true';
    case 'number': return Number(node.text);
    case 'null': return null;
    case 'array': return named(node).map((n) => value(n));
    case 'object': return object(node);
    case 'parenthesized_expression': return value(named(node)[0]);
    case 'identifier':
      used.add(node.text);
      if (node.text in params) return new Expression(`parameters('${node.text}')`);
      if (node.text in variables) return new Expression(`variables('${node.text}')`);
      if (node.text in resources) return new Expression(id(resources[node.text]));
      return fail(node, `${node.text} is not declared`);
    case 'member_expression': return member(node);
    case 'unary_expression':
      if (node.child(0).text !== '!') fail(node, `the operator ${node.child(0).text} is not supported`);
      return new Expression(`not(${expression(named(node)[0])})`);
    case 'ternary_expression': return new Expression(`if(${named(node).map(expression).join(', ')})`);
    case 'call_expression': {
      const [name, args] = named(node);
      if (!['subscriptionResourceId', 'union', 'concat', 'empty', 'guid'].includes(name.text)) fail(node, `the function ${name.text} is not supported`);
      return new Expression(`${name.text}(${named(args).map(expression).join(', ')})`);
    }
  }
  return fail(node, `${node.type} is not supported`);
}

// member compiles resource.id, or resource.properties and members below it.
function member(node) {
  const path = [];
  let of = node;
  for (; of.type === 'member_expression'; of = named(of)[0]) path.unshift(named(of)[1].text);
  const r = of.type === 'identifier' && resources[of.text];
  if (!r) fail(node, `${of.text} is not a resource`);
  used.add(of.text);
  if (path.length === 1 && path[0] === 'id') return new Expression(id(r));
  if (path.length > 1 && path[0] === 'properties') return new Expression(`reference(${id(r)}, '${r.apiVersion}').${path.slice(1).join('.')}`);
  return fail(node, `want ${of.text}.id or something below ${of.text}.properties`);
}

function object(node) {
  const out = {};
  for (const p of named(node)) {
    if (p.type !== 'object_property') fail(p, `${p.type} in an object is not supported`);
    const [key, v] = named(p);
    const name = key.type === 'string' ? string(key) : key.text;
    if (name in out) fail(p, `${name} occurs twice`);
    out[name] = value(v);
  }
  return out;
}

// json encloses expressions in brackets, and doubles the bracket at the beginning of a text.
function json(v) {
  if (v instanceof Expression) return `[${v.text}]`;
  if (typeof v === 'string') return v.startsWith('[') ? `[${v}` : v;
  if (Array.isArray(v)) return v.map(json);
  if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, json(x)]));
  return v;
}

function decorated(node, decorators) {
  const out = {};
  for (const d of decorators ? named(decorators) : []) {
    const [name, args] = named(named(d)[0]);
    const v = value(named(args)[0]);
    if (name.text === 'description') out.metadata = { description: v };
    else if (name.text === 'allowed') out.allowedValues = v;
    else fail(d, `the decorator ${name.text} is not supported`);
  }
  return out;
}

async function main() {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));
  const tree = parser.parse(fs.readFileSync(file, 'utf8'));
  const broken = (n) => { if (n.isError || n.isMissing) fail(n, 'syntax error'); if (n.hasError) n.children.forEach(broken); };
  broken(tree.rootNode);
  if (tree.rootNode.hasError) fail(tree.rootNode, 'syntax error');

  const template = { metadata: {}, parameters: {}, variables: {}, resources: [], outputs: {} };
  const statements = [];
  let decorators = null;
  for (const n of named(tree.rootNode)) {
    if (n.type === 'decorators') { decorators = n; continue; }
    statements.push({ n, decorators, name: named(n)[0].text });
    decorators = null;
  }
  const declare = (kind, name, v, n) => {
    if (name in params || name in variables || name in resources) fail(n, `${name} is declared twice`);
    kind[name] = v;
  };
  for (const s of statements) {
    const [, second, third] = named(s.n);
    if (s.n.type === 'parameter_declaration') {
      declare(params, s.name, { type: second.text, ...(third ? { defaultValue: value(third) } : {}), ...decorated(s.n, s.decorators) }, s.n);
    } else if (s.n.type === 'variable_declaration') declare(variables, s.name, null, s.n);
    else if (s.n.type === 'resource_declaration') {
      const [type, apiVersion] = string(second).split('@');
      const conditional = third.type === 'if_statement';
      declare(resources, s.name, { type, apiVersion, existing: /\bexisting\s*=/.test(s.n.text.split('{')[0]),
        condition: conditional && named(third)[0], body: conditional ? named(third)[1] : third }, s.n);
    }
  }
  // The names of resources come first, because their ids contain them.
  for (const r of Object.values(resources)) {
    const property = (name) => named(r.body).find((p) => named(p)[0].text === name);
    if (!property('name')) fail(r.body, 'the resource has no name');
    r.name = value(named(property('name'))[1]);
    const parent = property('parent');
    if (parent) {
      const symbol = named(parent)[1].text;
      if (!resources[symbol]) fail(parent, `${symbol} is not a resource`);
      used.add(symbol);
      r.parent = resources[symbol];
    }
  }
  template.parameters = json(params);
  for (const s of statements) {
    const nodes = named(s.n);
    switch (s.n.type) {
      case 'parameter_declaration': break;
      case 'metadata_declaration': template.metadata[s.name] = json(value(nodes[1])); break;
      case 'variable_declaration': template.variables[s.name] = json(value(nodes[1])); break;
      case 'output_declaration':
        template.outputs[s.name] = { type: nodes[1].text, ...decorated(s.n, s.decorators), value: json(value(nodes[2])) };
        break;
      case 'resource_declaration': {
        const r = resources[s.name];
        if (r.existing) break;
        const before = new Set(used);
        used.clear();
        const { parent, ...body } = object(r.body);
        // A resource is deployed after those that it references, with or without an explicit dependsOn.
        const after = [...used].filter((name) => resources[name] && !resources[name].existing);
        before.forEach((name) => used.add(name));
        const out = { type: r.type, apiVersion: r.apiVersion, ...json(body) };
        delete out.dependsOn;
        if (after.length) out.dependsOn = after.map((name) => `[${id(resources[name])}]`);
        if (r.parent) out.name = `[format('{0}/{1}', ${expressionOf(r.parent.name)}, ${expressionOf(r.name)})]`;
        if (r.condition) out.condition = json(new Expression(expression(named(r.condition)[0])));
        template.resources.push(out);
        break;
      }
      default: fail(s.n, `${s.n.type} is not supported`);
    }
  }
  for (const name of [...Object.keys(params), ...Object.keys(variables)]) {
    if (!used.has(name)) fail(tree.rootNode, `${name} is declared and not used`);
  }
  console.log(JSON.stringify(template));
}

main().catch((e) => { console.error(e); process.exit(1); });
