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

async function timedLines(engine: Engine, id: string, tail: number): Promise<{ time: string; text: string }[]> {
  const [bytes, tty] = await engine.call(async (client) => {
    const container = client.getContainer(id);
    const { Config } = await container.inspect();
    return [await container.logs({ stdout: true, stderr: true, timestamps: true, tail }), Config.Tty] as const;
  });
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
