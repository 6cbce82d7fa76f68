import { type ConnectionOptions, find, withClient } from '../client/index.js';
import { devices } from '../resources/index.js';
import type { Terminal } from '../terminal.js';
import { type Decision, decisions } from './decisions.js';

/** `tutti approve|reject|revoke device ID` */
export async function decide(
  terminal: Terminal,
  decision: Decision,
  word: string,
  options: ConnectionOptions,
): Promise<void> {
  await withClient(terminal, options, async (client) => {
    const { id } = await find(client, devices, word);
    const item = await client[`${decision}Device`]({ id });
    terminal.out(`device ${item.metadata.name} ${decisions[decision]}`);
    terminal.next(`tutti describe device ${id.slice(0, 8)}`);
  });
}
