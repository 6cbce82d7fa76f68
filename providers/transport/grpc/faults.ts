import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { Problem } from '../../../core/operation/index.js';
import { type Answer, TransportFault } from '../../../core/ports/transport.js';
import { codes, problemOf, replyFields } from '../../../vendors/grpc/wire/index.js';

/** What is known of the connection when a call has failed. */
export interface Line {
  readonly address: string;
  readonly operation: string;
  readonly connected: boolean;
}

/** How a call ended that did not end well: the host's own word, or that there is none. */
export type Ended =
  | Extract<Answer, { kind: 'problem' }>
  | {
      readonly kind: 'fault';
      readonly fault: TransportFault /** Whether a connection was there, and broke. */;
      readonly broke: boolean;
    };

/** Tells what came from the host from what the library says when nothing came. */
export function endOf({ code, details, metadata }: StatusObject, line: Line): Ended {
  const bytes = metadata.get(replyFields.details)[0];
  if (bytes instanceof Uint8Array) return problem(problemOf(code, details, bytes), metadata);
  const { address, operation, connected } = line;
  const fault = (reason: TransportFault['reason'], message: string, broke = false): Ended => ({
    kind: 'fault',
    fault: new TransportFault(reason, message),
    broke,
  });
  if (code === codes.deadlineExceeded) {
    return connected
      ? fault('timeout', `${address} did not answer ${operation} in time`)
      : fault('unreachable', `${address} cannot be reached: no connection in time`);
  }
  if (/HTTP status code|non-gRPC|content-type/i.test(details)) {
    return fault('invalid', `${address} is no gRPC server, or one behind a proxy that is none: ${details}`);
  }
  // Trailers are sent by somebody; what the library says by itself has none.
  const said = Object.keys(metadata.getMap()).length > 0;
  if (said) return problem(problemOf(code, details, undefined), metadata);
  if (code === codes.resourceExhausted) {
    return fault('invalid', `the answer of ${address} to ${operation} is larger than is taken: ${details}`);
  }
  const broken = /RST_STREAM|connection dropped|ECONNRESET|EPIPE|socket hang up|session/i.test(details);
  if (code === codes.unavailable || code === codes.cancelled || broken) {
    const never = details.startsWith('No connection established');
    const why = details
      .replace(/^No connection established\. Last error: (?:Error: )?/, '')
      .replace(/\.? Resolution note:.*$/s, '');
    if (never && untrusted(why)) {
      return fault('untrusted', `the certificate of ${address} is not trusted: ${why}; check the CA file`);
    }
    return never
      ? fault('unreachable', `${address} cannot be reached: ${why}`)
      : fault('unreachable', `the connection to ${address} broke before ${operation} was answered: ${why}`, true);
  }
  return fault('invalid', `the answer of ${address} to ${operation} cannot be understood: ${details}`);
}

/** In the words of Node and OpenSSL; an alert is what the other side thinks of our certificate. */
function untrusted(why: string): boolean {
  return /certificate|altnames|issuer/i.test(why) && !/alert/i.test(why);
}

function problem(told: Problem, metadata: Metadata): Ended {
  return { kind: 'problem', problem: told, challenges: challengesIn(metadata) };
}

/** On the way, several fields may become one list (RFC 9110 section 11.6.1): each challenge begins with a scheme. */
function challengesIn(metadata: Metadata): string[] {
  return metadata.get(replyFields.challenges).flatMap((value) => String(value).split(/, (?=[\w-]+(?: |,|$))/));
}
