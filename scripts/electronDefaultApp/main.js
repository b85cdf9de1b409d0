'use strict';
/*
 * What Electron's own default app does for `electron PATH ARGS...`: it loads the app in the folder PATH and lends it its
 * name and version. It goes into the Electron that electron.mjs takes from the npm registry, which lacks it.
 */
const fs = require('node:fs');
const path = require('node:path');
const { app } = require('electron');

process.defaultApp = true;

const given = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
if (!given) {
  console.error('Give the folder of an app: electron PATH');
  process.exit(2);
}

const folder = path.resolve(given);
const description = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
app.setAppPath(folder);
app.setName(description.productName ?? description.name);
app.setVersion(description.version);

// Not import(): it lets the event loop turn, and what must happen before Electron is ready would come too late.
require(path.join(folder, description.main ?? 'index.js'));
