import { describe, expect, it } from 'vitest';
import { engineEnd, type EngineEndKind } from '../../../main/engineEnd';

const kind = (code: number, lastWords = '', killedForMemory: boolean | null = null): EngineEndKind =>
  engineEnd({ code, lastWords, killedForMemory }).kind;

describe('the end of the engine', () => {
  // Codes as Electron 33 gave them on Linux for processes that ended in these ways, and as a shell would.
  it.each<[EngineEndKind, number, number]>([
    ['killed', 9, 137],
    ['killed', 15, 143],
    ['crash', 11, 139],
    ['crash', 6, 134],
    ['crash', 7, 135],
    ['missing-instruction', 4, 132],
  ])('is a %s by its signal', (expected, electron, shell) => {
    expect([kind(electron), kind(shell)]).toEqual([expected, expected]);
  });

  it('is an exit where the process left by itself', () => {
    expect([kind(0), kind(1), kind(3), kind(127)]).toEqual(['exit', 'exit', 'exit', 'exit']);
  });

  it('is known by the statuses of Windows, given as signed or unsigned numbers', () => {
    expect([kind(0xc000001d), kind(0xc000001d | 0)]).toEqual(['missing-instruction', 'missing-instruction']);
    expect([kind(0xc0000005), kind(0xe0000008), kind(0xc0000017)]).toEqual([
      'crash',
      'out-of-memory',
      'out-of-memory',
    ]);
  });

  it.each([
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'W tensorflow: OOM when allocating tensor with shape[16,160,160,64]',
  ])('is a lack of memory where the last words say so: %s', (words) => {
    expect([kind(6, words), kind(11, words), kind(1, words)]).toEqual(
      Array.from({ length: 3 }, () => 'out-of-memory'),
    );
  });

  it('is a lack of memory where the system killed for it, and only then', () => {
    expect([kind(9, '', true), kind(9, '', false), kind(9, '', null)]).toEqual([
      'out-of-memory',
      'killed',
      'killed',
    ]);
    // A crash while another program was killed is a crash.
    expect(kind(11, '', true)).toBe('crash');
  });

  it('is a missing instruction where TensorFlow says so before it gives up', () => {
    const words =
      'F tensorflow/core: The TensorFlow library was compiled to use AVX instructions, but these are not available.';
    expect(kind(6, words)).toBe('missing-instruction');
  });

  it('names code or signal, and the last line', () => {
    const detail = (code: number, lastWords = ''): string =>
      engineEnd({ code, lastWords, killedForMemory: null }).detail;
    expect([detail(9), detail(3, 'a\nb\n'), detail(0xc0000005 | 0)]).toEqual([
      'SIGKILL',
      'exit code 3: b',
      'status 0xc0000005',
    ]);
  });
});
