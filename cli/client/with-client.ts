import type { Transport } from '../../core/ports/transport.js';
import type { Terminal } from '../terminal.js';
import { type ConnectionOptions, type OpenConnection, resolveConnection, resolveOpenConnection } from './connection.js';
import { asCommandFailure } from './faults.js';
import { type Operator, operatorOver } from './operator.js';
import { connect } from './schemes.js';

/** An open line to a host. */
export interface Line {
  readonly transport: Transport;
  readonly connection: OpenConnection;
}

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
  return over(terminal, connection, (transport) => work(operatorOver(transport, connection, terminal.signal)));
}

/** As {@link withClient}, for other operations than those of the operator API; a token is sent where there is one. */
export async function withLine<T>(
  terminal: Terminal,
  options: ConnectionOptions,
  work: (line: Line) => Promise<T>,
): Promise<T> {
  const connection = await resolveOpenConnection(options, terminal.env);
  return over(terminal, connection, (transport) => work({ transport, connection }));
}

async function over<T>(
  terminal: Terminal,
  connection: OpenConnection,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = await connect(connection);
  try {
    return await work(transport);
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw asCommandFailure(error, connection);
  } finally {
    await transport.close();
  }
}
