import { type ConnectionOptions, find, type Operator, waitForDeployment, withClient } from '../client/index.js';
import { deployments, type Item, type Kind, kindOf } from '../resources/index.js';
import type { Terminal } from '../terminal.js';

export interface DeleteOptions extends ConnectionOptions {
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `tutti delete KIND ID` */
export async function remove(terminal: Terminal, word: string, id: string, options: DeleteOptions): Promise<void> {
  const kind = kindOf(word);
  await withClient(terminal, options, async (client) => {
    if (kind.plural === 'deployments') return deleteDeployment(terminal, client, id, options);
    if (kind.plural === 'packages') return deleteAtOnce(terminal, client, kind, id, options);
    return deleteAtOnce(terminal, client, kind, id, options);
  });
}

async function deleteAtOnce<T extends Item>(
  terminal: Terminal,
  client: Operator,
  kind: Kind<T>,
  word: string,
  { force }: DeleteOptions,
): Promise<void> {
  const { id, metadata } = await find(client, kind, word);
  await kind.remove(client, id, force);
  terminal.out(`${kind.singular} ${metadata.name} deleted`);
  terminal.next(`tutti get ${kind.plural}`);
}

async function deleteDeployment(
  terminal: Terminal,
  client: Operator,
  word: string,
  { force, wait, timeout }: DeleteOptions,
): Promise<void> {
  const item = await find(client, deployments, word);
  const send = (): Promise<unknown> => deployments.remove(client, item.id, force);
  if (wait) {
    // Watched first: once it is gone nothing tells of it any more.
    await waitForDeployment({ client, terminal, timeout }, item, 'REMOVED', send);
    terminal.out(`deployment ${item.metadata.name} removed`);
    terminal.next('tutti get deployments');
    return;
  }
  await send();
  terminal.out(`deployment ${item.metadata.name} ${force ? 'removed' : 'is being removed'}`);
  terminal.next(force ? 'tutti get deployments' : 'tutti get deployments --watch');
}
