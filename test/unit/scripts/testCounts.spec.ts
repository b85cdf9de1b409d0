import { describe, expect, it } from 'vitest';
import { closingLine, playwrightCounts, sum, vitestCounts } from '../../../scripts/testCounts.mjs';

describe('the closing line of the tests', () => {
  it('sums both runners and leaves out what is zero', () => {
    const unit = vitestCounts(
      { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, testResults: [] },
      0,
    );
    const e2e = playwrightCounts({ stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 0 } }, 0);
    expect(closingLine(sum([unit, e2e]))).toBe('7 passed, 0 failed, 1 skipped');
    expect(closingLine(e2e)).toBe('2 passed, 0 failed');
  });

  it('counts a file that could not be loaded as a failure', () => {
    const report = {
      numPassedTests: 3,
      numFailedTests: 0,
      testResults: [{ status: 'failed', assertionResults: [] }],
    };
    expect(vitestCounts(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it('counts a runner that died without a report as a failure', () => {
    expect(vitestCounts(null, 1).failed).toBe(1);
    expect(playwrightCounts(null, 137).failed).toBe(1);
  });

  it('counts a test that passed only when repeated as a failure', () => {
    const counts = playwrightCounts({ stats: { expected: 1, unexpected: 0, flaky: 1, skipped: 0 } }, 0);
    expect(counts.failed).toBe(1);
  });
});
