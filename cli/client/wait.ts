import { setTimeout as delay } from 'node:timers/promises';
import { TransportFault } from '../../core/ports/transport.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, failed } from '../failure.js';
import { type DeploymentItem, type PackageItem, shortId, troubleOf } from '../resources/index.js';
import type { Terminal } from '../terminal.js';
import type { Operator } from './operator.js';

export interface Waiting {
  readonly client: Operator;
  readonly terminal: Terminal;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Milliseconds between two attempts to get a broken stream back, and between the first two looks at a package. */
const firstPause = 250;
const longestPause = 2000;

/**
 * Follows one deployment on the host's stream until `goal` or FAILED. The stream starts with the present state, so that
 * nothing is missed between a change and its watching; a stream that breaks is taken up again.
 *
 * @param begin is run once the stream has told of the deployment: for a change whose end may leave nothing to be told of
 * @throws CommandFailure `failed` with what the device reported, `timeout`
 */
export async function waitForDeployment(
  { client, terminal, timeout }: Waiting,
  deployment: Pick<DeploymentItem, 'id' | 'spec'>,
  goal: 'INSTALLED' | 'REMOVED',
  begin?: () => Promise<unknown>,
): Promise<DeploymentItem> {
  const { id, spec } = deployment;
  const over = AbortSignal.timeout(timeout);
  const deviceId = spec.deviceRef.id;
  let last: DeploymentItem | undefined;
  let begun = begin === undefined;
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      const { items } = await client.watchDeployments({ deviceId }, { signal: over });
      for await (const { data: item } of items) {
        if (item.id !== id) continue;
        pause = firstPause;
        if (!begun) {
          await begin?.();
          begun = true;
          continue;
        }
        last = item;
        const { state } = item.status;
        terminal.progress(`${item.metadata.name}: ${state}`);
        if (state === goal) return item;
        if (state === 'FAILED') {
          throw failed(
            `deployment ${item.metadata.name} failed: ${troubleOf(item) || 'the device gave no reason'}`,
            `see tutti describe deployment ${shortId(id)}`,
          );
        }
      }
    } catch (error) {
      terminal.signal.throwIfAborted();
      if (over.aborted)
        throw late(`deployment ${shortId(id)} is ${last?.status.state ?? 'unknown'}, not ${goal}`, timeout);
      if (!(error instanceof TransportFault) || error.reason === 'invalid' || !begun) throw error;
    }
    await rest(pause, over, terminal);
  }
}

/**
 * Looks at a package until its import has ended: the API has no stream of packages, and an import takes seconds at
 * most. The pauses grow.
 *
 * @throws CommandFailure `failed` with why it cannot be deployed, `timeout`
 */
export async function waitForPackage({ client, terminal, timeout }: Waiting, id: string): Promise<PackageItem> {
  const over = AbortSignal.timeout(timeout);
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const item = await client.getPackage({ id });
    const { state, contextualInfo } = item.status;
    terminal.progress(`${item.metadata.name}: ${state}`);
    if (state === 'ONBOARDED') return item;
    if (state === 'FAILED') {
      throw failed(
        `package ${item.metadata.name} was not imported: ${contextualInfo?.message ?? 'no reason is known'}`,
        `see tutti describe package ${shortId(id)}`,
      );
    }
    await rest(pause, over, terminal);
    if (over.aborted) throw late(`package ${shortId(id)} is ${state}`, timeout);
  }
}

async function rest(pause: number, over: AbortSignal, terminal: Terminal): Promise<void> {
  try {
    await delay(pause, undefined, { signal: AbortSignal.any([over, terminal.signal]) });
  } catch (error) {
    terminal.signal.throwIfAborted();
    if (!over.aborted) throw error;
  }
}

function late(what: string, timeout: number): CommandFailure {
  return new CommandFailure(
    exitCodes.timeout,
    `${what} after ${timeout / 1000} s; the work goes on`,
    'wait longer with --timeout, or look later',
  );
}
