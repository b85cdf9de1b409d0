import { ExpectedError } from '../../shared/failure';

/** The failure with which `run` refuses; anything else that it throws stays an error of the test. */
export function failure(run: () => unknown): { kind: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof ExpectedError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}
