import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A request that a registry is about to answer wrongly. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What it should answer with; empty where that has no content. */
  readonly content: Uint8Array;
  readonly headers: OutgoingHttpHeaders;
}

/** One way in which a registry, or what is between it and its client, goes wrong. */
export type Misbehaviour = (exchange: Exchange) => void;

/** As many bytes as there should be, the last of them another. */
export const otherBytes: Misbehaviour = ({ response, content, headers }) => {
  const other = Uint8Array.from(content);
  const last = other.byteLength - 1;
  other[last] = (other[last] ?? 0) ^ 1;
  response.writeHead(200, { ...headers, 'content-length': other.byteLength }).end(other);
};

/** Other content, honest about its length. */
export const instead =
  (bytes: Uint8Array): Misbehaviour =>
  ({ response, headers }) => {
    response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes);
  };

/** Ends early, as if that were all. */
export const shorter: Misbehaviour = ({ response, content, headers }) => {
  response.writeHead(200, headers).end(content.subarray(0, content.byteLength / 2));
};

/** The right bytes, and more. */
export const longer: Misbehaviour = ({ response, content, headers }) => {
  response.writeHead(200, headers);
  response.write(content);
  response.end('and more');
};

/** Says that it is longer than it should be, and is. */
export const honestlyLonger: Misbehaviour = (exchange) =>
  instead(Buffer.concat([exchange.content, Buffer.from('and more')]))(exchange);

/** The right bytes, and more without end. */
export const endless: Misbehaviour = ({ response, content, headers }) => {
  response.writeHead(200, headers);
  response.write(content);
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
  };
  response.on('drain', more);
  more();
};

/** Half of it, then the connection is cut. */
export const cut: Misbehaviour = ({ response, content, headers }) => {
  response.writeHead(200, { ...headers, 'content-length': content.byteLength });
  response.write(content.subarray(0, content.byteLength / 2), () => response.destroy());
};

/** Half of it, then nothing for ever. */
export const stalled: Misbehaviour = ({ response, content, headers }) => {
  response.writeHead(200, { ...headers, 'content-length': content.byteLength });
  response.write(content.subarray(0, content.byteLength / 2));
};

export const silent: Misbehaviour = () => undefined;

export const reset: Misbehaviour = ({ request }) => void request.socket.resetAndDestroy();

export const nonsense: Misbehaviour = ({ request }) => void request.socket.end('this is not HTTP\r\n\r\n');

/** A refusal that repeats the credentials it came with. */
export const refusal =
  (status: number, headers: OutgoingHttpHeaders = {}): Misbehaviour =>
  ({ request, response }) => {
    const message = `not with ${request.headers.authorization ?? 'nothing'}`;
    const body = JSON.stringify({ errors: [{ code: 'REFUSED', message }] });
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };

/** @param origin of another registry, which has the same */
export const redirect =
  (origin: string): Misbehaviour =>
  ({ request, response }) =>
    void response.writeHead(307, { location: `${origin}${request.url ?? ''}` }).end();
