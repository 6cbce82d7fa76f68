/**
 * The measure of all things: node:https, the signature's base from the request, one crypto.verify with a parsed key,
 * 304. No routing, no freshness, no body, no log, no answer to anything but the one request that it expects.
 * Reads { cert, key, etag, keys: { path: SPKI in PEM } } as JSON from standard input.
 */
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:https';
import process from 'node:process';

let input = '';
for await (const chunk of process.stdin) input += chunk;
const { cert, key, etag, keys } = JSON.parse(input);
const known = new Map(
  Object.entries(keys).map(([path, pem]) => [path, { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' }]),
);
const quoted = `"${etag}"`;

const server = createServer({ cert, key, minVersion: 'TLSv1.3' }, ({ method, url, headers }, response) => {
  const { host } = headers;
  const parameters = headers['signature-input'].slice('sig1='.length);
  const base = `"@method": ${method}\n"@target-uri": https://${host}${url}\n"@authority": ${host}\n"@signature-params": ${parameters}`;
  const signature = Buffer.from(headers.signature.slice('sig1=:'.length, -1), 'base64');
  const right = verify('sha256', Buffer.from(base, 'latin1'), known.get(url), signature);
  if (right && headers['if-none-match'] === quoted) {
    response.writeHead(304, { ETag: quoted, 'Cache-Control': 'private, no-cache' });
  } else response.writeHead(401);
  response.end();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`ready at https://127.0.0.1:${server.address().port}\n`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
