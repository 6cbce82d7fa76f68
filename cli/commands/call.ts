import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bearer, type ClientSettings, call as callOf } from '../../core/client/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import { didYouMean } from '../../core/plugin/suggest.js';
import { listOperations, type OperationDescription } from '../../vendors/system/operations.js';
import { describedOperation } from '../calling/described-operation.js';
import { unknownFields, withFields } from '../calling/fields.js';
import { type ConnectionOptions, type Line, pathBefore, withLine } from '../client/index.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, failed, invalid, reasonOf } from '../failure.js';
import { toYaml } from '../output/render.js';
import { table } from '../output/table.js';
import { fields } from '../output/text.js';
import type { Terminal } from '../terminal.js';
import { settingsOf } from './settings.js';

export interface CallOptions extends ConnectionOptions {
  readonly input?: string;
  readonly list?: true;
  readonly output: 'json' | 'yaml';
}

/** `tutti call OPERATION [NAME=VALUE ...]`: any operation of a host, which says itself how it is called. */
export async function call(
  terminal: Terminal,
  id: string | undefined,
  words: readonly string[],
  options: CallOptions,
): Promise<void> {
  if (id === undefined && options.list === undefined) {
    throw invalid('no operation is named', 'see what the host offers: tutti call --list');
  }
  await withLine(terminal, options, async (line) => {
    const described = await operationsOf(line, terminal.signal, id);
    const [description] = described;
    if (id === undefined) return list(terminal, described);
    if (!description) throw await unknown(line, terminal.signal, id);
    if (options.list) return explain(terminal, description);
    const input = withFields(await given(terminal, options.input), words, description.input);
    const fault = unknownFields(input, description.input, id);
    if (fault) throw fault;
    await make(terminal, line, description, input, options.output);
  });
}

/** @returns all that the host offers; nothing but the one that is asked for, where one is */
async function operationsOf(line: Line, signal: AbortSignal, id?: string): Promise<readonly OperationDescription[]> {
  try {
    const input = id === undefined ? {} : { id };
    const answer = await callOf(settingsFor(line, signal, ''), listOperations, input);
    return answer.kind === 'value' ? answer.value.operations : [];
  } catch (error) {
    const lacking = error instanceof Problem && error.kind.status === problems.notFound.status;
    if (!lacking) throw error;
    const advice = 'it does, once its profile has the vendor "system: { type: vendor.system }"';
    throw failed(`the host at ${line.connection.url} does not say what it offers`, advice, { cause: error });
  }
}

function settingsFor({ transport, connection }: Line, signal: AbortSignal, prefix: string): ClientSettings {
  const { token } = connection;
  return {
    transport,
    prefix: pathBefore(connection) + prefix,
    credentials: token === undefined ? () => ({}) : bearer(token),
    signal,
    idempotencyKey: randomUUID,
  };
}

function list(terminal: Terminal, described: readonly OperationDescription[]): void {
  const columns = [
    { head: 'OPERATION', value: ({ id }: OperationDescription) => id },
    { head: 'FOR', value: ({ access }: OperationDescription) => access },
    { head: 'ANSWERS', value: ({ output: { kind } }: OperationDescription) => kind },
    { head: 'SUMMARY', value: ({ summary }: OperationDescription) => summary },
  ];
  terminal.out(
    table(
      columns,
      described.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ),
  );
  terminal.next('tutti call OPERATION --list, and then without --list');
}

function explain(
  terminal: Terminal,
  { id, summary, access, idempotency, input, output, http, prefix }: OperationDescription,
) {
  const head = fields([
    ['Operation', id],
    ['About', summary],
    ['For', access],
    ['Repeated', idempotency],
    ['Answers', output.kind],
    ['HTTP', `${http.method} ${prefix}${http.path}`],
  ]);
  const settings = settingsOf(input);
  const shown = table(
    [
      { head: '  NAME', value: ({ name }) => `  ${name}` },
      { head: 'TYPE', value: ({ type }) => type },
      { head: 'DEFAULT', value: ({ preset }) => preset },
      { head: 'ABOUT', value: ({ about }) => about },
    ],
    settings,
  );
  terminal.out(`${head}\n\n${settings.length === 0 ? 'Takes no input.' : `Input:\n${shown}`}`);
  const needed = settings.filter(({ preset }) => preset === 'required').map(({ name }) => ` ${name}=...`);
  terminal.next(`tutti call ${id}${needed.join('')}`);
}

async function unknown(line: Line, signal: AbortSignal, id: string): Promise<CommandFailure> {
  const ids = (await operationsOf(line, signal)).map((described) => described.id);
  const near = didYouMean(id, ids);
  const advice = near === undefined ? 'see all that it offers: tutti call --list' : `did you mean ${near}?`;
  return new CommandFailure(exitCodes.notFound, `the host offers no operation ${id}`, advice);
}

/** JSON, `@file`, or `-` for standard input. */
async function given(terminal: Terminal, text = '{}'): Promise<Record<string, unknown>> {
  const from = text === '-' ? 'standard input' : text.startsWith('@') ? text.slice(1) : '--input';
  try {
    const json = text === '-' ? await terminal.readInput() : text.startsWith('@') ? await readFile(from, 'utf8') : text;
    const input: unknown = JSON.parse(json);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input };
  } catch (cause) {
    throw invalid(`the input cannot be read from ${from}: ${reasonOf(cause)}`, 'it is one JSON object', { cause });
  }
  throw invalid(`the input in ${from} is no JSON object`);
}

async function make(
  terminal: Terminal,
  line: Line,
  description: OperationDescription,
  input: Record<string, unknown>,
  format: CallOptions['output'],
): Promise<void> {
  const settings = settingsFor(line, terminal.signal, description.prefix);
  const answer = await callOf(settings, describedOperation(description), input);
  switch (answer.kind) {
    case 'value':
      terminal.out(format === 'yaml' ? await toYaml(answer.value) : JSON.stringify(answer.value, undefined, 2));
      break;
    case 'representation':
      terminal.out(textOf(answer.bytes, answer.mediaType));
      break;
    case 'stream':
      await show(terminal, answer.items, format);
      break;
    default:
      terminal.note(`${description.id} is done`);
  }
  terminal.next('tutti call --list');
}

/** Each item on a line of its own, until the stream or the person ends it. */
async function show(terminal: Terminal, items: AsyncIterable<unknown>, format: CallOptions['output']): Promise<void> {
  try {
    for await (const item of items) {
      terminal.out(format === 'yaml' ? `---\n${await toYaml(item)}` : JSON.stringify(item));
    }
  } catch (error) {
    // The person has seen enough.
    if (!terminal.signal.aborted) throw error;
  }
}

function textOf(bytes: Uint8Array, mediaType: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw failed(`the answer is ${bytes.byteLength} bytes of ${mediaType}, which is no text`, undefined, { cause });
  }
}
