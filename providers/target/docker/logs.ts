import { TargetFault } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';
import { composeLabels } from './project.js';
import type { ContainerState } from './status.js';

/** The newest lines of these containers together, oldest first; with the service's name where there are several. */
export async function containerLogs(
  engine: Engine,
  containers: readonly ContainerState[],
  lines: number,
): Promise<string[]> {
  const all = await Promise.all(
    containers.map(async (container) => {
      const service = container.labels[composeLabels.service] ?? container.id.slice(0, 12);
      const prefix = containers.length > 1 ? `${service} | ` : '';
      return (await timedLines(engine, container.id, lines)).map(({ time, text }) => ({ time, text: prefix + text }));
    }),
  );
  return all
    .flat()
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .slice(-lines)
    .map(({ text }) => text);
}

/** Lines of output that go with a failure. */
const tail = 10;

/** What a container said last, to stand behind the reason of its failure; nothing where it said nothing. */
export async function lastWords(engine: Engine, id: string): Promise<string> {
  try {
    const found = await engine.found((client) => client.getContainer(id).inspect());
    const lines = await timedLines(engine, id, tail);
    const said = lines.map(({ text }) => withoutSecrets(text, found?.Config.Env ?? []));
    return said.length === 0 ? '' : `; it said last:\n${said.join('\n')}`;
  } catch (error) {
    // A container on its way out gives none any more; why it failed is told all the same.
    if (error instanceof TargetFault) return '';
    throw error;
  }
}

/** Nothing says which parameters are secrets but their names. */
const secretName = /pass|secret|token|credential|private|auth|(^|_)key$|apikey/i;
/** Shorter values are no secrets, and stand in every text. */
const shortestSecret = 4;

/**
 * A line without the values of variables that are named like secrets: a failure's reason goes where the environment of a
 * container never does.
 *
 * @param variables `NAME=value`, as the container has them
 */
export function withoutSecrets(line: string, variables: readonly string[]): string {
  return variables
    .map((variable) => [variable.slice(0, variable.indexOf('=')), variable.slice(variable.indexOf('=') + 1)] as const)
    .filter(([name, value]) => secretName.test(name) && value.length >= shortestSecret)
    .reduce((shown, [, value]) => shown.replaceAll(value, '***'), line);
}

async function timedLines(engine: Engine, id: string, tail: number): Promise<{ time: string; text: string }[]> {
  const found = await engine.found(async (client) => {
    const container = client.getContainer(id);
    const { Config } = await container.inspect();
    return [await container.logs({ stdout: true, stderr: true, timestamps: true, tail }), Config.Tty] as const;
  });
  if (found === undefined) return [];
  const [bytes, tty] = found;
  return (tty ? bytes.toString() : unframed(bytes))
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { time: line.slice(0, space), text: line.slice(space + 1) };
    });
}

/** Without a terminal the engine sends frames: a byte for the stream, three empty ones, four for the length. */
export function unframed(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString();
}
