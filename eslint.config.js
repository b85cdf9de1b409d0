import eslint from '@eslint/js';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

/*
 * The walls between the rooms stand in .dependency-cruiser.cjs, which sees whole import chains. What an import line alone
 * shows is repeated here, so that the editor says it while the line is written.
 */
const electron = {
  regex: '^electron(/|$)',
  message: 'electron is imported in main/ only, outside engine/ and cli/.',
};
const tensorflow = { regex: '^@tensorflow/', message: '@tensorflow/* is imported in main/engine/ only.' };
const vuePackages = {
  regex: '^(vue|pinia|vuetify|@vue/.*)(/|$)',
  message: 'Vue, Pinia and Vuetify are imported in renderer/ only, and not in viewer/ or workers/.',
};
const node = { regex: '^node:', message: 'This room runs anywhere: no Node.' };
const bareNode = {
  regex:
    '^(fs|path|os|child_process|crypto|worker_threads|util|url|zlib|stream|events|buffer|assert|http|https|net)(/|$)',
  message: 'This room runs anywhere: no Node.',
};
const main = { regex: '^(\\.\\./)+main(/|$)', message: 'This room does not know main/.' };
const renderer = { regex: '^(\\.\\./)+renderer(/|$)', message: 'This room does not know renderer/.' };

/** @param {{ regex: string, message: string }[]} patterns */
const refuse = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

const namedExportsOnly = {
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Named exports only: one name for one thing.' },
  ],
};

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'demo-output/', 'coverage/', 'test-results/', 'playwright-report/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.vue'],
    extends: [tseslint.configs.recommended],
    rules: {
      // TypeScript itself knows which names there are.
      'no-undef': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['shared/**/*.ts', 'main/**/*.ts', 'renderer/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // It also faults assertions that only spell out an inferred type argument, which the typings of TensorFlow.js ask for.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    // Types of .vue files are vue-tsc's business; to the linter they are unknown.
    files: ['renderer/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    // What a report of another program or an evaluated page gives is unknown until a test has looked at it.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  ...vue.configs['flat/recommended'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  {
    files: ['**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] },
    },
    rules: {
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-emits-declaration': ['error', 'type-based'],
      'vue/define-props-declaration': ['error', 'type-based'],
      'vue/no-v-html': 'error',
      'vue/multi-word-component-names': 'off',
      // Vuetify's slots are named item.title and the like.
      'vue/valid-v-slot': ['error', { allowModifiers: true }],
      // Prettier's business.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
    },
  },

  // The rooms.
  {
    files: ['shared/**/*.ts'],
    rules: refuse(electron, tensorflow, vuePackages, node, bareNode, main, renderer),
  },
  { files: ['main/**/*.ts'], rules: refuse(tensorflow, vuePackages, renderer) },
  { files: ['main/cli/**/*.ts'], rules: refuse(electron, tensorflow, vuePackages, renderer) },
  { files: ['main/engine/**/*.ts'], rules: refuse(electron, vuePackages, renderer) },
  {
    files: ['main/engine/{network,inference}/**/*.ts', 'main/engine/training/!(runFile|checkpointFile).ts'],
    rules: refuse(electron, vuePackages, renderer, node, bareNode),
  },
  { files: ['renderer/**/*.{ts,vue}'], rules: refuse(electron, tensorflow, node, bareNode, main) },
  {
    files: ['renderer/{viewer,workers}/**/*.ts'],
    rules: refuse(electron, tensorflow, vuePackages, node, bareNode, main),
  },

  { files: ['{shared,main,renderer,test}/**/*.ts'], rules: namedExportsOnly },
  {
    // Ambient modules of packages without types describe what is there, default exports too.
    files: ['**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        setTimeout: 'readonly',
        performance: 'readonly',
        URL: 'readonly',
        require: 'readonly',
        module: 'writable',
      },
    },
  },
);
