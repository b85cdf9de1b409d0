/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * What Vitest's JSON report counts. A file that fails outside a test (an import, a hook) counts as one failure, and so
 * does an exit code that says failure where no test did (an error nobody caught).
 *
 * @param {any} report
 * @param {number} code
 * @returns {Counts}
 */
export function vitestCounts(report, code) {
  /** @type {any[]} */
  const files = report?.testResults ?? [];
  const broken = files.filter(
    (file) =>
      file.status === 'failed' &&
      !file.assertionResults.some((/** @type {any} */ t) => t.status === 'failed'),
  ).length;
  return withExitCode(
    {
      passed: report?.numPassedTests ?? 0,
      failed: (report?.numFailedTests ?? 0) + broken,
      skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
    },
    code,
  );
}

/**
 * What Playwright's JSON report counts; a test that passed only when repeated has failed.
 *
 * @param {any} report
 * @param {number} code
 * @returns {Counts}
 */
export function playwrightCounts(report, code) {
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = report?.stats ?? {};
  return withExitCode({ passed: expected, failed: unexpected + flaky, skipped }, code);
}

/**
 * @param {Counts} counts
 * @param {number} code
 * @returns {Counts}
 */
function withExitCode(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

/**
 * @param {Counts} counts
 * @returns {string}
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
