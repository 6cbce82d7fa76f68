import { format } from 'node:util';

const streams = [process.stdout, process.stderr];
const methods = ['debug', 'dir', 'error', 'info', 'log', 'trace', 'warn'] as const;

/**
 * What is written to the console and to the outputs of this process while something is done. It is still written there.
 * A test runner may have a console of its own that passes by the outputs, so both are listened to.
 */
export async function overheard(work: () => Promise<void>): Promise<string> {
  const heard: string[] = [];
  const restore = [
    ...streams.map((stream) => listen(stream, 'write', (text) => heard.push(String(text)))),
    ...methods.map((method) => listen(console, method, (...args) => heard.push(format(...args)))),
  ];
  try {
    await work();
  } finally {
    for (const each of restore) each();
  }
  return heard.join('\n');
}

/** @returns what ends it */
function listen<K extends string>(
  on: { [key in K]: (...args: never[]) => unknown },
  method: K,
  hear: (...args: readonly unknown[]) => void,
): () => void {
  const was = on[method];
  const own = Object.hasOwn(on, method);
  on[method] = (...args) => {
    hear(...args);
    return Reflect.apply(was, on, args);
  };
  return () => {
    if (own) on[method] = was;
    else delete (on as Partial<typeof on>)[method];
  };
}
