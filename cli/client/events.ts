import type { Readable } from 'node:stream';

/** The data of server-sent events (WHATWG HTML section 9.2), one after another; ids and event names are passed over. */
export async function* eventData(body: Readable): AsyncGenerator<string, void, undefined> {
  let data: string[] = [];
  let rest = '';
  // Not node:readline: its interface reports a connection that is closed meanwhile as an error that nobody can catch.
  for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield data.join('\n');
        data = [];
      } else if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    }
  }
}
