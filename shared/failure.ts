/**
 * Failures that can happen in normal use. They travel between processes as plain values and reach the user as one
 * sentence and what to do next. Anything else that is thrown is a bug: it is logged with its stack.
 */
export interface Failure {
  /** A stable, machine-readable name: the troubleshooting help is indexed by it. */
  readonly kind: FailureKind;
  /** One plain sentence for the user, naming what was wrong and what to do. */
  readonly message: string;
  /** Facts for a log or a details pane (never a patient's name); may be empty. */
  readonly detail: string;
}

/** Every kind; the guide's troubleshooting has an entry for each. */
export const failureKinds = [
  'file-missing',
  'file-unreadable',
  'file-exists',
  'file-unwritable',
  'not-nifti',
  'nifti-damaged',
  'nifti-unsupported',
  'not-npy',
  'npy-damaged',
  'npy-unsupported',
  'too-large',
  'empty-set',
  'shape-mismatch',
  'not-finite',
  'set-damaged',
  'run-damaged',
  'model-unreadable',
  'study-damaged',
  'settings-invalid',
  'backend-missing',
  'download-failed',
  'install-failed',
  'out-of-memory',
  'training-collapsed',
  'engine-crashed',
  'busy',
  'cancelled',
  'denied',
  'internal',
] as const;

export type FailureKind = (typeof failureKinds)[number];

/** Thrown for an expected failure; caught where a process or a command ends, and turned into a {@link Failure}. */
export class ExpectedError extends Error {
  override readonly name = 'ExpectedError';
  readonly kind: FailureKind;
  readonly detail: string;

  constructor(kind: FailureKind, message: string, detail = '') {
    super(message);
    this.kind = kind;
    this.detail = detail;
  }
}

/** What was thrown, as a value that survives a process boundary. Unknown errors become `internal`. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof ExpectedError) {
    return { kind: thrown.kind, message: thrown.message, detail: thrown.detail };
  }
  if (thrown instanceof Error) {
    return {
      kind: 'internal',
      message: `Something went wrong inside ASC-Net: ${thrown.message}`,
      detail: thrown.stack ?? '',
    };
  }
  return { kind: 'internal', message: 'Something went wrong inside ASC-Net.', detail: String(thrown) };
}

/** The inverse of {@link toFailure}, for the side that receives the value. */
export function fromFailure(failure: Failure): ExpectedError {
  return new ExpectedError(failure.kind, failure.message, failure.detail);
}

/** Marks a branch that the types say cannot be reached. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
