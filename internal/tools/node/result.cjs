// SPDX-License-Identifier: Apache-2.0

// Prints the columns that queries return, as JSON: NODE_PATH=node_modules node result.cjs QUERY…. The answer is a list with {query, errors, columns} for
// each: errors are the language service's, and columns are {name, type}.
'use strict';

const { load } = require('./workspace.cjs');

const analyse = load();
console.log(JSON.stringify(process.argv.slice(2).map((query) => {
  const { diagnostics, columns } = analyse(query);
  return { query, errors: diagnostics.map((d) => `${d.Code}: ${d.Message}`), columns };
})));
