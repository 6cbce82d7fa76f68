import { z } from 'zod';
import { type ConnectionOptions, find, type OperatorClient, waitForDeployment, withClient } from '../client/index.js';
import { deployments, devices, kindOf, packages } from '../resources/index.js';
import type { Terminal } from '../terminal.js';

export interface DeleteOptions extends ConnectionOptions {
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `tutti delete KIND ID` */
export async function remove(terminal: Terminal, word: string, id: string, options: DeleteOptions): Promise<void> {
  const { plural } = kindOf(word);
  await withClient(terminal, options, async (client) => {
    if (plural === 'deployments') return deleteDeployment(terminal, client, id, options);
    const kind = plural === 'packages' ? packages : devices;
    const item = plural === 'packages' ? await find(client, packages, id) : await find(client, devices, id);
    const query = plural === 'packages' ? forced(options) : {};
    await client.call('DELETE', `${kind.path}/${item.id}`, z.unknown(), { query });
    terminal.out(`${kind.singular} ${item.metadata.name} deleted`);
    terminal.next(`tutti get ${plural}`);
  });
}

async function deleteDeployment(
  terminal: Terminal,
  client: OperatorClient,
  word: string,
  options: DeleteOptions,
): Promise<void> {
  const item = await find(client, deployments, word);
  const send = (): Promise<unknown> =>
    client.call('DELETE', `${deployments.path}/${item.id}`, z.unknown(), { query: forced(options) });
  if (options.wait) {
    // Watched first: once it is gone nothing tells of it any more.
    await waitForDeployment({ client, terminal, timeout: options.timeout }, item, 'REMOVED', send);
    terminal.out(`deployment ${item.metadata.name} removed`);
    terminal.next('tutti get deployments');
    return;
  }
  await send();
  terminal.out(`deployment ${item.metadata.name} ${options.force ? 'removed' : 'is being removed'}`);
  terminal.next(options.force ? 'tutti get deployments' : 'tutti get deployments --watch');
}

function forced({ force }: DeleteOptions): Readonly<Record<string, string | undefined>> {
  return { force: force ? 'true' : undefined };
}
