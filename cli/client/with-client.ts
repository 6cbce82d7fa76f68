import type { Terminal } from '../terminal.js';
import { OperatorClient } from './client.js';
import { type ConnectionOptions, resolveConnection } from './connection.js';

/** Runs `work` with a client of the host that the command line names, and closes its connections. */
export async function withClient<T>(
  terminal: Terminal,
  options: ConnectionOptions,
  work: (client: OperatorClient) => Promise<T>,
): Promise<T> {
  const client = new OperatorClient(await resolveConnection(options, terminal.env), terminal.signal);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
