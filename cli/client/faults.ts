import { z } from 'zod';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, type ExitCode, reasonOf } from '../failure.js';
import type { Connection } from './connection.js';

const problem = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.looseObject({ field: z.string(), message: z.string() })).optional(),
});

const exitCodeOf: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.invalid,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  413: exitCodes.invalid,
  415: exitCodes.invalid,
  422: exitCodes.invalid,
};

/** What the host answered instead of a reply (RFC 9457). */
export function answerFault(status: number, body: string, { base, tokenFrom }: Connection): CommandFailure {
  const said = problem.safeParse(parsed(body)).data;
  const { detail = said?.title ?? `HTTP ${status}`, errors = [] } = said ?? {};
  const [first, ...more] = errors;
  const repeated = more.length === 0 && first !== undefined && detail.includes(first.message);
  const lines = repeated ? [] : errors.map(({ field, message }) => `\n  ${field}: ${message}`);
  return new CommandFailure(exitCodeOf[status] ?? exitCodes.failed, detail + lines.join(''), advice());

  function advice(): string | undefined {
    if (status === 401) return `the token comes from ${tokenFrom}; is it the one of this host?`;
    if (status === 403) return `the token comes from ${tokenFrom}; use one with a higher role`;
    if (status === 404 && said === undefined) return `is ${base} the address of a Tutti host?`;
    return undefined;
  }
}

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];

/** The host could not be talked to at all. */
export function transportFault(error: unknown, { base, caFile }: Connection): CommandFailure {
  const code = codeOf(error);
  if (untrusted.includes(code)) {
    const trusted = caFile === undefined ? "the system's CAs" : caFile;
    return new CommandFailure(
      exitCodes.unreachable,
      `the certificate of ${base} is not trusted: ${reasonOf(error)}`,
      `trusted are ${trusted}; name the server's CA with --ca FILE or TUTTI_CA (a host keeps it at $TUTTI_DATA/pki/ca.crt)`,
      { cause: error },
    );
  }
  const why = reasonOf(error) === '' ? code : reasonOf(error);
  return new CommandFailure(
    exitCodes.unreachable,
    `${base} cannot be reached: ${why}`,
    'is the host running? start one with "tutti run config/wfm.yaml", or name another with --server or TUTTI_SERVER',
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Whoever answered does not speak our API; the status says what is to be said.
    return undefined;
  }
}
