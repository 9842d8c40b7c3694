// SPDX-License-Identifier: Apache-2.0

// Checks the syntax of PowerShell scripts: NODE_PATH=node_modules node powershell.cjs FILES. It runs nothing, and knows no commands or types. The
// first syntax error of each file is written with its place, and the exit code is 1.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Parser, Language } = require('web-tree-sitter');

// firstError returns the first node that is an error, or that is missing.
function firstError(node) {
  if (node.isError || node.isMissing) return node;
  for (const child of node.children) {
    if (child.hasError || child.isMissing) {
      const found = firstError(child);
      if (found) return found;
    }
  }
  return null;
}

(async () => {
  await Parser.init();
  const folder = path.dirname(require.resolve('tree-sitter-powershell/package.json'));
  const parser = new Parser();
  parser.setLanguage(await Language.load(path.join(folder, 'tree-sitter-powershell.wasm')));
  const files = process.argv.slice(2);
  if (files.length === 0) throw new Error('no file to check');
  for (const file of files) {
    const error = firstError(parser.parse(fs.readFileSync(file, 'utf8')).rootNode);
    if (!error) {
      console.log(`${file}: no syntax error`);
      continue;
    }
    const at = error.startPosition;
    console.error(`${file}:${at.row + 1}:${at.column + 1}: ${error.isMissing ? `${error.type} is missing` : `syntax error at: ${error.text.split('\n')[0].slice(0, 60)}`}`);
    process.exitCode = 1;
  }
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
