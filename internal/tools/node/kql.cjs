// SPDX-License-Identifier: Apache-2.0

// Checks every KQL query in the given files: NODE_PATH=node_modules node kql.cjs FILE…. Microsoft's own language service checks syntax,
// names of tables, columns and functions, and types, with the project's lists of columns. It executes nothing. In a .kql file, blank
// lines separate queries, as in the portal's editor. In a document, the content of fences named kusto or kql is checked; KQL in any other
// fence is an error. It prints the number of checks. Each error is a line with its place, and the exit code is then 1.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

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

// functions are those that the deployment adds to the workspace: each is a file of deploy/sentinel, whose name it has. The file gives the
// parameters values, so that it is a query, too.
function functions(folder, Symbols) {
  return fs.readdirSync(folder).filter((f) => /^Winnet.*\.kql$/.test(f)).map((f) => {
    const lines = fs.readFileSync(path.join(folder, f), 'utf8').split('\n').filter((line) => !/^let (starttime|endtime) =/.test(line));
    return new Symbols.FunctionSymbol.$ctor16(path.basename(f, '.kql'), '(starttime: datetime = datetime(null), endtime: datetime = datetime(null))',
      `{ ${lines.join('\n')} }`, '');
  });
}

// load starts the language service, which takes a second, and returns the function that finds the errors of a query.
function load() {
  // The service is written for a web page: its two scripts share the global object.
  const service = path.dirname(require.resolve('@kusto/language-service-next/package.json'));
  for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    vm.runInThisContext(fs.readFileSync(path.join(service, name), 'utf8'), { filename: name });
  }
  const { KustoCode, GlobalState, Symbols } = Kusto.Language;
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', [
    ...tables(path.join(__dirname, '../../../exporter/azure/internal/columns'), Symbols), ...tables(path.join(__dirname, 'tables'), Symbols),
    ...functions(path.join(__dirname, '../../../deploy/sentinel'), Symbols)]));
  return (text) => {
    const found = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
    return Array.from({ length: found.Count }, (_, i) => found.getItem(i));
  };
}

// queries returns {text, line} for each query of a file; line is the number of its first line.
function queries(file) {
  const lines = fs.readFileSync(file, 'utf8').split(/\r?\n/);
  const found = [];
  let open = null, fence = '', checked = true;
  const says = (text) => text.split('\n').some((line) => line.trim() && !line.trim().startsWith('//'));
  const flush = () => { if (open && checked && says(open.text)) found.push(open); open = null; };
  lines.forEach((line, i) => {
    if (file.endsWith('.kql')) {
      if (!line.trim()) flush();
      else if (open) open.text += `\n${line}`;
      else open = { text: line, line: i + 1 };
      return;
    }
    const mark = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (fence) {
      if (mark && mark[1].startsWith(fence) && !mark[2]) { flush(); fence = ''; } else {
        open.text += `${line}\n`;
        if (!checked && /^\s*\|\s*(where|summarize|extend|project|join|union|mv-expand|order by|sort by)\b/.test(line)) {
          fault(file, i + 1, 1, 'KQL in a fence that is not marked as kusto');
        }
      }
    } else if (mark) {
      fence = mark[1];
      checked = ['kusto', 'kql'].includes(mark[2]);
      open = { text: '', line: i + 2 };
    }
  });
  flush();
  return found;
}

let faults = 0;
function fault(file, line, column, message) {
  faults++;
  console.error(`${file}:${line}:${column}: ${message}`);
}

const all = process.argv.slice(2).flatMap((file) => queries(file).map((q) => ({ file, ...q })));
if (all.length) {
  const diagnose = load();
  for (const { file, text, line } of all) {
    for (const d of diagnose(text)) {
      const before = text.slice(0, d.Start).split('\n');
      fault(file, line + before.length - 1, before.at(-1).length + 1, `${d.Code}: ${d.Message}`);
    }
  }
} else {
  console.error('no query was found');
  faults++;
}
console.log(`${all.length} queries in ${new Set(all.map((q) => q.file)).size} files were checked: ${faults} faults`);
process.exitCode = faults ? 1 : 0;
