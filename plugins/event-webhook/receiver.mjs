/** A receiver to try the webhook with: checks signatures and prints events. `node receiver.mjs SECRET_FILE [PORT]` */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const [file = 'webhook.secret', port = '8008'] = process.argv.slice(2);
const key = Buffer.from(readFileSync(file, 'utf8').trim().replace('whsec_', ''), 'base64');

createServer(async (request, response) => {
  const body = await text(request);
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature = '' } = request.headers;
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  const right = signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  // What was recorded five minutes ago is not believed again. An event may come twice: its id tells.
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  if (right && fresh) console.log(body);
  else console.error('an event that is not signed as it should be');
  response.writeHead(right && fresh ? 204 : 401).end();
}).listen(Number(port), '127.0.0.1', () => console.error(`listening at http://127.0.0.1:${port}`));
