// SPDX-License-Identifier: Apache-2.0

// A workspace as Microsoft's language service of KQL sees it: the tables of the project's lists of columns, and the functions of deploy/sentinel. It
// has no rows, and executes nothing. Also the queries in the files of the project.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const root = path.join(__dirname, '../../..');

// The columns that the service fills itself in every table.
const filled = ['TenantId:string', 'Type:string', 'SourceSystem:string', '_ResourceId:string', '_SubscriptionId:string', '_ItemId:string',
  '_IsBillable:string', '_BilledSize:real'];

// The tables of the archive have the columns of others. The plan Auxiliary has no dynamic columns.
const archives = { ASimDnsActivityLogs: 'WinnetDnsArchive_CL', ASimNetworkSessionLogs: 'WinnetNetworkArchive_CL' };

function tables(folder, Symbols) {
  return fs.readdirSync(folder).filter((f) => f.endsWith('.tsv')).flatMap((f) => {
    const columns = fs.readFileSync(path.join(folder, f), 'utf8').split('\n')
      .filter((line) => line && !line.startsWith('#') && !line.startsWith('column\t')).map((line) => line.split('\t').slice(0, 2).join(':'));
    const table = (name, columns) => new Symbols.TableSymbol.$ctor7(name, `(${[...columns, ...filled].join(', ')})`, '');
    const name = path.basename(f, '.tsv');
    const found = [table(name === 'WinnetStatus' ? 'WinnetStatus_CL' : name, columns)];
    if (archives[name]) found.push(table(archives[name], columns.map((c) => c.replace(/:dynamic$/, ':string'))));
    return found;
  });
}

// parserOf returns {name, params, text, line} of a parser in the form of the repository Azure-Sentinel. params are {name, type, value}.
function parserOf(file) {
  const [query] = blocks(file, 'ParserQuery');
  if (!query) return null;
  const text = fs.readFileSync(file, 'utf8');
  const params = Array.from(text.matchAll(/^ {2}- Name: (\S+)\n {4}Type: (\S+)\n {4}Default: (.+)$/gm), ([, name, type, value]) => ({ name, type, value }));
  return { name: /^ParserName: (\S+)$/m.exec(text)[1], params, ...query };
}

// functions are those that the deployment adds to the workspace: each is a file of deploy/sentinel, whose name it has, or a parser there. The file of a
// function gives its parameters values, so that it is a query, too.
function functions(folder, Symbols) {
  const symbol = (name, params, body) => new Symbols.FunctionSymbol.$ctor16(name, `(${params})`, `{ ${body} }`, '');
  const files = fs.readdirSync(folder).filter((f) => /^Winnet.*\.kql$/.test(f)).map((f) => {
    const lines = fs.readFileSync(path.join(folder, f), 'utf8').split('\n').filter((line) => !/^let (starttime|endtime) =/.test(line));
    return symbol(path.basename(f, '.kql'), 'starttime: datetime = datetime(null), endtime: datetime = datetime(null)', lines.join('\n'));
  });
  const parsers = path.join(folder, 'parsers');
  const found = fs.existsSync(parsers) ? fs.readdirSync(parsers).map((f) => parserOf(path.join(parsers, f))) : [];
  return [...files, ...found.map((p) => symbol(p.name, p.params.map((q) => `${q.name}: ${q.type} = ${q.value}`).join(', '), p.text))];
}

// load starts the language service, which takes a second, and returns the function that analyses a query: {diagnostics, columns}, where columns are
// {name, type} of its result.
function load() {
  // The service is written for a web page: its two scripts share the global object.
  const service = path.dirname(require.resolve('@kusto/language-service-next/package.json'));
  for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    vm.runInThisContext(fs.readFileSync(path.join(service, name), 'utf8'), { filename: name });
  }
  const { KustoCode, GlobalState, Symbols } = Kusto.Language;
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', [
    ...tables(path.join(root, 'exporter/azure/internal/columns'), Symbols), ...tables(path.join(__dirname, 'tables'), Symbols),
    ...functions(path.join(root, 'deploy/sentinel'), Symbols)]));
  const items = (list) => Array.from({ length: list ? list.Count : 0 }, (_, i) => list.getItem(i));
  return (text) => {
    const code = KustoCode.ParseAndAnalyze(text, globals);
    const result = code.ResultType;
    return { diagnostics: items(code.GetDiagnostics()), columns: items(result && result.Columns).map((c) => ({ name: c.Name, type: c.Type.Name })) };
  };
}

// blocks returns {text, line} of each block of YAML with the given key: text without its indentation, and the number of its first line.
function blocks(file, key) {
  const lines = fs.readFileSync(file, 'utf8').split(/\r?\n/);
  const found = [];
  for (let i = 0; i < lines.length; i++) {
    const head = new RegExp(`^(\\s*)${key}: *\\|[-+]?\\s*$`).exec(lines[i]);
    if (!head) continue;
    const from = i + 1;
    while (i + 1 < lines.length && (!lines[i + 1].trim() || /^\s*/.exec(lines[i + 1])[0].length > head[1].length)) i++;
    const body = lines.slice(from, i + 1);
    const indent = Math.min(...body.filter((l) => l.trim()).map((l) => /^\s*/.exec(l)[0].length));
    found.push({ text: body.map((l) => l.slice(indent)).join('\n'), line: from + 1 });
  }
  return found;
}

// ofYAML returns the queries of a parser, a rule or a hunting query. The parameters of a parser have their defaults.
function ofYAML(file) {
  const parser = parserOf(file);
  if (!parser) return blocks(file, 'query');
  return [{ text: parser.params.map((p) => `let ${p.name} = ${p.value}; `).join('') + parser.text, line: parser.line }];
}

// ofWorkbook returns the queries of a workbook, which are texts of its JSON: line is that of the item's name.
function ofWorkbook(file) {
  const raw = fs.readFileSync(file, 'utf8');
  const found = [];
  const walk = (items) => (items || []).forEach((item) => {
    const line = raw.slice(0, Math.max(0, raw.indexOf(`"name": ${JSON.stringify(item.name)}`))).split('\n').length;
    if (item.content.query) found.push({ text: item.content.query, line });
    (item.content.parameters || []).filter((p) => p.query).forEach((p) => found.push({ text: p.query, line }));
    walk(item.content.items);
  });
  walk(JSON.parse(raw).items);
  return found;
}

module.exports = { load, ofYAML, ofWorkbook, parserOf };
