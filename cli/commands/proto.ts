import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../core/files/index.js';
import { type DescribedBinding, describeBindings, StartUpError } from '../../core/host/index.js';
import type { MountedOperation } from '../../core/operation/index.js';
import {
  assignNumbers,
  describe,
  entriesOf,
  mergeLocks,
  type NumberLock,
  parseLock,
  withBuiltin,
} from '../../vendors/grpc/wire/index.js';
import { printProto } from '../../vendors/grpc/wire/print.js';
import { failed, invalid, reasonOf } from '../failure.js';
import { readProfile } from '../profile.js';
import type { Terminal } from '../terminal.js';

export interface ProtoOptions {
  readonly lock?: string;
  readonly check?: true;
}

/** `tutti proto [PROFILE]`: the .proto of what its gRPC bindings serve; of all operations, where it has none. */
export async function proto(terminal: Terminal, file: string, { lock, check }: ProtoOptions): Promise<void> {
  const operations = await operationsOf(file);
  const own = lock === undefined ? {} : await readLock(lock);
  const { file: numbered, added } = described(operations, own);
  const open = entriesOf(added);
  if (check && open.length > 0) {
    throw failed(
      `${open.length} fields have no locked number, the first of them: ${open[0]}`,
      `run: tutti proto ${file} --lock ${lock ?? 'FILE'}`,
    );
  }
  if (lock !== undefined && open.length > 0) {
    await replaceFile(lock, `${JSON.stringify(mergeLocks(own, added), undefined, 2)}\n`, 0o644);
    terminal.note(`${lock}: ${open.length} numbers added`);
  }
  terminal.out(printProto(numbered, head(file)));
  terminal.next(`tutti proto ${file} > tutti.proto`);
}

async function operationsOf(file: string): Promise<readonly MountedOperation[]> {
  const profile = await readProfile(file);
  let bindings: readonly DescribedBinding[];
  try {
    bindings = describeBindings(profile);
  } catch (error) {
    throw error instanceof StartUpError ? invalid(error.message, undefined, { cause: error }) : error;
  }
  const grpc = bindings.filter(({ type }) => type === 'binding.grpc');
  const served = (grpc.length > 0 ? grpc : bindings).flatMap(({ operations }) => operations);
  if (served.length === 0) throw invalid(`${file} offers no operations: it has no bindings, or no vendors`);
  // Of several bindings, each serves the same operation of the same vendor.
  return [...new Map(served.map((one) => [`${one.vendor} ${one.operation.id}`, one])).values()];
}

function described(operations: readonly MountedOperation[], own: NumberLock): ReturnType<typeof assignNumbers> {
  try {
    return assignNumbers(describe(operations), withBuiltin(own));
  } catch (error) {
    throw invalid(reasonOf(error), undefined, { cause: error });
  }
}

/** A lock that is not there yet is empty. */
async function readLock(file: string): Promise<NumberLock> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw invalid(`${file} cannot be read: ${reasonOf(error)}`, undefined, { cause: error });
  }
  try {
    return parseLock(text, file);
  } catch (error) {
    throw invalid(reasonOf(error), undefined, { cause: error });
  }
}

function head(file: string): string[] {
  return [
    `Written by "tutti proto ${file}"; change the operations, not this file.`,
    '',
    'Calls go to binding.grpc, over TLS 1.3 unless the profile turns it off. Metadata has what HTTP has in its header:',
    '  authorization      Bearer and an API token; or signature, signature-input and content-digest (RFC 9421), over the',
    "                     call's HTTP form at https://<:authority>",
    '  if-none-match      in quotes, the version that the caller has: the answer says then that it is not modified',
    '  if-match           in quotes, the version that the caller believes to change',
    '  idempotency-key    any text: a call that is made again under it has its effect once',
    '  last-event-id      of a stream: the id of the last item that was seen',
    '  input-form         json: the message is the input as JSON, and not as described here',
    '  output-form        json: a value, or an item of a stream, comes back as JSON, and not as described here',
    '  x-correlation-id   comes back, and stands in the log of the host',
    'With a reply come etag, location and outcome (created, accepted), where it has them; not-modified is true, and the',
    'message empty, where a value is not. A problem is a status with grpc-status-details-bin: a google.rpc.Status with',
    'ErrorInfo, BadRequest (faults of the input), RetryInfo, and the whole problem (RFC 9457) as google.protobuf.Struct.',
    '',
    'Missing is told from empty: what may be missing is optional, and a list or map that may be is in a message of its own.',
    'Numbers of fields never change; text of a fixed set is string, so that a new one breaks nobody.',
    '',
  ];
}
