import { Problem } from '../../core/operation/problem.js';
import { TransportFault } from '../../core/ports/transport.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, type ExitCode } from '../failure.js';
import type { OpenConnection } from './connection.js';

type Told = Pick<OpenConnection, 'base' | 'url' | 'caFile' | 'tokenFrom'>;

/** What a call ended with, as the command line tells it; what no call ends with stays as it is. */
export function asCommandFailure(error: unknown, connection: Told): unknown {
  if (error instanceof Problem) return refused(error, connection);
  if (error instanceof TransportFault) return unanswered(error, connection);
  return error;
}

const exitCodeOf: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.invalid,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  413: exitCodes.invalid,
  415: exitCodes.invalid,
  422: exitCodes.invalid,
};

/** What the host answered instead of a reply. */
function refused(problem: Problem, { base, tokenFrom }: Told): CommandFailure {
  const { detail, errors, kind } = problem;
  const [first, ...more] = errors;
  const repeated = more.length === 0 && first !== undefined && detail.includes(first.message);
  const lines = repeated ? [] : errors.map(({ field, message }) => `\n  ${field}: ${message}`);
  const message = detail + lines.join('');
  return new CommandFailure(exitCodeOf[kind.status] ?? exitCodes.failed, message, advice(), { cause: problem });

  function advice(): string | undefined {
    if (kind.status === 401 && tokenFrom === undefined) return 'no token was sent; name its file with --token-file';
    if (kind.status === 401) return `the token comes from ${tokenFrom}; is it the one of this host?`;
    if (kind.status === 403) return `the token comes from ${tokenFrom}; use one with a higher role`;
    if (kind.status === 404 && !kind.type.startsWith('urn:tutti:')) return `is ${base} the address of a Tutti host?`;
    return undefined;
  }
}

/** Nobody can say how the call ended. */
function unanswered(fault: TransportFault, { base, url, caFile }: Told): CommandFailure {
  const failure = (exitCode: ExitCode, message: string, advice: string): CommandFailure =>
    new CommandFailure(exitCode, message, advice, { cause: fault });
  switch (fault.reason) {
    case 'untrusted': {
      const trusted = caFile === undefined ? "the system's CAs" : caFile;
      return failure(
        exitCodes.unreachable,
        `the certificate of ${base} is not trusted: ${fault.message}`,
        `trusted are ${trusted}; name the server's CA with --ca FILE or TUTTI_CA (a host keeps it at $TUTTI_DATA/pki/ca.crt)`,
      );
    }
    case 'invalid':
      return failure(exitCodes.failed, fault.message, 'is this the address of a Tutti host?');
    default:
      return failure(
        exitCodes.unreachable,
        fault.message.startsWith(url) ? fault.message : `${base} cannot be reached: ${fault.message}`,
        'is the host running? start one with "tutti run config/wfm.yaml", or name another with --server or TUTTI_SERVER',
      );
  }
}
