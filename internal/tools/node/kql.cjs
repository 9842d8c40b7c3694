// SPDX-License-Identifier: Apache-2.0

// Checks every KQL query in the given files: NODE_PATH=node_modules node kql.cjs FILE…. Microsoft's own language service checks syntax,
// names of tables, columns and functions, and types, with the project's lists of columns. It executes nothing. In a .kql file, blank
// lines separate queries, as in the portal's editor. In a document, the content of fences named kusto or kql is checked; KQL in any other
// fence is an error. A .yaml file is a parser, a rule or a hunting query of Sentinel, and a .json file a workbook: each must have a query.
// It prints the number of checks. Each error is a line with its place, and the exit code is then 1.
'use strict';

const fs = require('node:fs');
const { load, ofYAML, ofWorkbook } = require('./workspace.cjs');

// queries returns {text, line} for each query of a file; line is the number of its first line.
function queries(file) {
  if (/\.(yaml|json)$/.test(file)) {
    const found = file.endsWith('.json') ? ofWorkbook(file) : ofYAML(file);
    if (!found.length) fault(file, 1, 1, 'no query was found');
    return found;
  }
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
  const analyse = load();
  for (const { file, text, line } of all) {
    for (const d of analyse(text).diagnostics) {
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
