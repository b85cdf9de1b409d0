/** The worker's side of its messages, typed. (The page's compiler settings know windows, not workers.) */
export function workerScope<Request, Reply>(): {
  onMessage(listener: (request: Request) => void): void;
  post(reply: Reply, transfer?: ArrayBufferLike[]): void;
} {
  const scope = globalThis as unknown as {
    addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
    postMessage(message: Reply, transfer: readonly unknown[]): void;
  };
  return {
    onMessage: (listener) => scope.addEventListener('message', (event) => listener(event.data)),
    post: (reply, transfer = []) => scope.postMessage(reply, transfer),
  };
}
