import { runCli } from './program';

void runCli(process.argv).then((code) => {
  // TensorFlow.js's wasm module keeps no handle open, but a worker of a library might: the exit code is final.
  process.exitCode = code;
});
