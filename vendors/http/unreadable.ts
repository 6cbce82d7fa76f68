import type { Duplex } from 'node:stream';
import { Problem, type ProblemType, problems } from '../../core/operation/index.js';

const headersTooLarge: ProblemType = Object.freeze({
  ...problems.tooLarge,
  status: 431,
  title: 'Request Header Fields Too Large',
});

/**
 * Answers what Node could not read as a request, or not in time: there is no response object for it. The connection
 * ends with it, for nobody knows where the next request would begin.
 */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  // After a reset nobody listens; in the middle of a reply these bytes would become part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || replying(socket)) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error.code);
  const { kind } = problem;
  // No vendor can word it, for nobody knows yet whom it was meant for; `error` is what clients without RFC 9457 look at.
  const body = JSON.stringify({ ...problem.body(), error: kind.title });
  const head = [
    `HTTP/1.1 ${kind.status} ${kind.title}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function problemOf(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(headersTooLarge, 'the head of the request is too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(problems.requestTimeout, 'the request did not arrive in time');
    default:
      return new Problem(problems.invalidRequest, 'this is no request of HTTP/1.1, or not the whole of one');
  }
}

/** Node notes the response under way on its socket, and itself asks in this way before it answers. */
function replying(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as { _httpMessage?: { readonly headersSent?: boolean } };
  return message?.headersSent === true;
}
