import type { Terminal } from '../terminal.js';
import { type ConnectionOptions, resolveConnection } from './connection.js';
import { asCommandFailure } from './faults.js';
import { type Operator, operatorOver } from './operator.js';
import { connect } from './schemes.js';

/**
 * Runs `work` with a client of the host that the command line names, and closes its connections.
 *
 * @throws CommandFailure for what the host answered to it instead of a reply, and when the host cannot be talked to
 */
export async function withClient<T>(
  terminal: Terminal,
  options: ConnectionOptions,
  work: (client: Operator) => Promise<T>,
): Promise<T> {
  const connection = await resolveConnection(options, terminal.env);
  const transport = await connect(connection);
  try {
    return await work(operatorOver(transport, connection, terminal.signal));
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw asCommandFailure(error, connection);
  } finally {
    await transport.close();
  }
}
