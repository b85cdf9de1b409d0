/**
 * The walls between the rooms. A folder is an environment: each rule says what may not be reached from where, and why.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'main-knows-no-renderer',
      comment: 'The processes meet in shared/ipc.',
      severity: 'error',
      from: { path: '^main/' },
      to: { path: '^renderer/' },
    },
    {
      name: 'renderer-knows-no-main',
      comment: 'The processes meet in shared/ipc.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^main/' },
    },
    {
      name: 'shared-knows-no-room',
      comment: 'shared/ is what the others stand on.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(main|renderer)/' },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      from: { path: '^(shared|main|renderer)/' },
      to: { path: '^(test|scripts|bin)/' },
    },
    {
      name: 'electron-in-main-only',
      comment: 'The engine and the command line run in plain Node as well; the renderer is sandboxed.',
      severity: 'error',
      from: { pathNot: '^main/(?!engine/|cli/)' },
      to: { path: '^electron$|^electron/|^node_modules/electron/' },
    },
    {
      name: 'engine-and-cli-never-reach-electron',
      comment: 'Not even through a module of main/ in between.',
      severity: 'error',
      from: { path: '^main/(engine|cli)/' },
      to: { path: '^electron$|^electron/|^node_modules/electron/', reachable: true },
    },
    {
      name: 'vue-in-renderer-only',
      comment: 'The viewer draws and the workers compute without knowing what shows them.',
      severity: 'error',
      from: { pathNot: '^renderer/(?!viewer/|workers/)' },
      to: { path: '^node_modules/(vue|@vue|pinia|vuetify)/' },
    },
    {
      name: 'tensorflow-in-engine-only',
      comment: 'A native kernel that crashes takes its process along: only the engine may be that process.',
      severity: 'error',
      from: { pathNot: '^main/engine/' },
      to: { path: '^(node_modules/)?@tensorflow/' },
    },
    {
      name: 'renderer-is-a-web-page',
      comment: 'Sandboxed, without Node.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'shared-runs-anywhere',
      severity: 'error',
      from: { path: '^shared/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-networks-core-runs-anywhere',
      comment:
        'Files, clocks and messages come in through small interfaces, so that the same engine can run on WebGPU in a hidden window.',
      severity: 'error',
      from: { path: '^main/engine/(network/|inference/|training/(?!runFile|checkpointFile))' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'a-feature-has-one-door',
      comment: 'Features reach each other through index.ts.',
      severity: 'error',
      from: { path: '^renderer/features/([^/]+)/' },
      to: { path: '^renderer/features/(?!$1/)[^/]+/(?!index\\.ts$)' },
    },
    {
      name: 'a-feature-has-one-door-for-others-too',
      severity: 'error',
      from: { path: '^renderer/(?!features/)' },
      to: { path: '^renderer/features/[^/]+/(?!index\\.ts$)' },
    },
    {
      name: 'no-circles',
      comment: 'Types may refer to each other; modules that run may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A module that nothing uses and that uses nothing.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^main/preload\\.ts$', '(^|/)tsconfig\\.json$'] },
      to: {},
    },
    {
      name: 'only-what-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'product-uses-production-packages',
      comment: 'What only developers install is missing in the shipped app. Electron is the app itself.',
      severity: 'error',
      from: { path: '^(shared|main|renderer)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/(electron|vite)/',
      },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^out/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.vue', '.d.ts', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
