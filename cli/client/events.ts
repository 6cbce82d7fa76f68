import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The data of server-sent events (WHATWG HTML section 9.2), one after another; ids and event names are passed over. */
export async function* eventData(body: Readable): AsyncGenerator<string, void, undefined> {
  let data: string[] = [];
  for await (const line of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
    } else if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
  }
}
