import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import MarkdownIt from 'markdown-it';
import { createServer } from 'vite';
import { root } from './paths.mjs';
import { runAsScript } from './processes.mjs';

/*
 * The user guide: Markdown in docs/guide/ becomes HTML in out/guide/, which the app shows (F1) and the installers put into
 * resources/guide/. What the program knows about itself is not written twice: a line {{settings}}, {{keys}}, {{mouse}} or
 * {{commands}} becomes a table of the settings, of the window's commands and their keys, of the mouse, or the help of the
 * command line.
 */

const source = path.join(root, 'docs', 'guide');

/** @typedef {{ name: string, title: string, help: string }} Setting */
/** @typedef {{ title: string, settings: readonly Setting[] }} Group */

/**
 * @typedef {object} GuideFacts
 * @property {readonly string[]} pages names of the pages, in their order
 * @property {{ title: string, settings: (Setting & { values: string[] })[] }[]} settings of a training, in groups, with their
 *   values in each preset
 * @property {string[]} presets
 * @property {{ title: string, keys: readonly string[] }[]} commands of the window
 * @property {readonly (readonly [string, string])[]} mouse what the mouse does, and how
 * @property {{ name: string, help: string }[]} cli
 */

/**
 * Asks the program's own modules.
 *
 * @returns {Promise<GuideFacts>}
 */
async function guideFacts() {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { presets } = await server.ssrLoadModule('/shared/study/trainingSettings.ts');
    const { settingsGuide } = await server.ssrLoadModule('/shared/study/settingsGuide.ts');
    const { guidePages } = await server.ssrLoadModule('/shared/study/guidePages.ts');
    const { createPinia, setActivePinia } = await server.ssrLoadModule('pinia');
    setActivePinia(createPinia());
    const { createCommands } = await server.ssrLoadModule('/renderer/commands/appCommands.ts');
    const { mouseHints } = await server.ssrLoadModule('/renderer/commands/mouse.ts');
    const { runCli } = await server.ssrLoadModule('/main/cli/program.ts');
    const names = Object.keys(presets);
    return {
      pages: guidePages,
      presets: names,
      settings: settingsGuide.map((/** @type {Group} */ { title, settings }) => ({
        title,
        settings: settings.map((setting) => ({
          ...setting,
          values: names.map((preset) => shown(presets[preset][setting.name])),
        })),
      })),
      commands: createCommands().all(),
      mouse: mouseHints,
      cli: await cliHelp(runCli),
    };
  } finally {
    await server.close();
  }
}

/** @param {unknown} value */
function shown(value) {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object') return String(value);
  return Object.entries(/** @type {object} */ (value))
    .map(([name, part]) => `${name} ${Array.isArray(part) ? part.join(' to ') : part}`)
    .join(', ');
}

/**
 * What each command says of itself.
 *
 * @param {(argv: string[]) => Promise<number>} runCli
 */
async function cliHelp(runCli) {
  /** @param {string[]} words */
  const help = async (...words) => {
    const write = process.stdout.write;
    let text = '';
    process.stdout.write = /** @type {typeof write} */ ((chunk) => ((text += String(chunk)), true));
    try {
      await runCli(['node', 'asc-net', ...words, '--help']);
    } finally {
      process.stdout.write = write;
    }
    return text.trimEnd();
  };
  /** @param {string} text */
  const below = (text) =>
    [...(text.split(/^Commands:$/m)[1] ?? '').matchAll(/^ {2}(\w+) /gm)]
      .map(([, name]) => /** @type {string} */ (name))
      .filter((name) => name !== 'help');
  const main = await help();
  const all = [{ name: 'asc-net', help: main }];
  for (const name of below(main)) {
    const own = await help(name);
    all.push({ name: `asc-net ${name}`, help: own });
    for (const part of below(own))
      all.push({ name: `asc-net ${name} ${part}`, help: await help(name, part) });
  }
  return all;
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  /** @param {string} cell */
  const safe = (cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(safe).join(' | ')} |`).join('\n');
}

/**
 * @param {string} key
 */
const keyCap = (key) => `\`${key}\``;

/**
 * The Markdown that takes the place of each {{name}}.
 *
 * @param {GuideFacts} facts
 * @returns {Record<string, string>}
 */
function generated({ settings, presets, commands, mouse, cli }) {
  return {
    settings: settings
      .map(({ title, settings: own }) => {
        const head = ['Setting', 'In the window', 'What it does', ...presets.map((name) => `\`${name}\``)];
        const rows = own.map(({ name, title: words, help, values }) => [
          `\`${name}\``,
          words,
          help,
          ...values,
        ]);
        return `### ${title}\n\n${table(head, rows)}`;
      })
      .join('\n\n'),
    keys: table(
      ['What', 'Key'],
      commands
        .filter(({ keys }) => keys.length > 0)
        .map(({ title, keys }) => [title, keys.map(keyCap).join(' or ')]),
    ),
    mouse: table(
      ['What', 'Mouse'],
      mouse.map(([what, how]) => [what, keyCap(how)]),
    ),
    commands: cli.map(({ name, help }) => `## ${name}\n\n\`\`\`text\n${help}\n\`\`\``).join('\n\n'),
  };
}

/** @param {string} text */
const slug = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** Markdown to HTML; each heading has an id: the code that it begins with, else its words. */
function renderer() {
  const md = new MarkdownIt({ linkify: false, typographer: false });
  md.core.ruler.push('heading-ids', ({ tokens }) => {
    tokens.forEach((token, i) => {
      if (token.type !== 'heading_open') return;
      const inline = tokens[i + 1];
      const first = inline?.children?.[0];
      token.attrSet('id', first?.type === 'code_inline' ? first.content : slug(inline?.content ?? ''));
    });
  });
  // Pages lead to each other: x.md on the web, x.html here.
  md.core.ruler.push('links', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet('href');
      if (token.type === 'link_open' && href)
        token.attrSet('href', String(href).replace(/^([\w-]+)\.md/, '$1.html'));
    }
  });
  md.renderer.rules['table_open'] = () => '<div class="table" tabindex="0"><table>\n';
  md.renderer.rules['table_close'] = () => '</table></div>\n';
  return md;
}

/** @param {string} text */
const titleOf = (text) => /^# (.+)$/m.exec(text)?.[1] ?? '';

/**
 * Writes the guide.
 *
 * @param {string} out folder
 */
async function writeGuide(out) {
  const facts = await guideFacts();
  const parts = generated(facts);
  const md = renderer();
  const texts = new Map(
    facts.pages.map((page) => [page, fs.readFileSync(path.join(source, `${page}.md`), 'utf8')]),
  );
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  for (const [page, text] of texts) {
    const whole = text.replaceAll(/^\{\{(\w+)\}\}$/gm, (_line, name) => {
      const part = parts[name];
      if (part === undefined) throw new Error(`docs/guide/${page}.md: there is no {{${name}}}`);
      return part;
    });
    const links = [...texts].map(
      ([name, other]) =>
        `<li><a href="${name}.html"${name === page ? ' aria-current="page"' : ''}>${md.utils.escapeHtml(titleOf(other))}</a></li>`,
    );
    fs.writeFileSync(
      path.join(out, `${page}.html`),
      `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${md.utils.escapeHtml(titleOf(text))} - ASC-Net guide</title>
<link rel="stylesheet" href="guide.css">
</head>
<body>
<nav aria-label="Pages of the guide"><p>ASC-Net guide</p><ul>
${links.join('\n')}
</ul></nav>
<main>
${md.render(whole).replaceAll('<pre>', '<pre tabindex="0">')}<footer>For research. Not a medical device.</footer>
</main>
</body>
</html>
`,
    );
  }
  fs.copyFileSync(path.join(source, 'guide.css'), path.join(out, 'guide.css'));
  fs.cpSync(path.join(source, 'pictures'), path.join(out, 'pictures'), { recursive: true });
}

await runAsScript(import.meta.url, async () => {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  await writeGuide(path.resolve(values.out ?? path.join(root, 'out', 'guide')));
  return 0;
});
