/*
 * Runs the built engine in a plain Node process, with the end of the pipe that Electron's utilityProcess would give it.
 */
process.parentPort = {
  on: (_event, listener) => process.on('message', (data) => listener({ data })),
  postMessage: (message) => process.send?.(message),
};
require(process.argv[2]);
