import { Connection, type ConnectOptions } from './connection.js';
import { BrokerFault } from './fault.js';

export type Protocol = 'auto' | '5' | '3.1.1';

/** Opens connections in the best version that the broker speaks; remembers it, once known. */
export function dialler(protocol: Protocol): (options: Omit<ConnectOptions, 'version'>) => Promise<Connection> {
  let known: 5 | 4 | undefined = protocol === 'auto' ? undefined : protocol === '5' ? 5 : 4;
  return async (options) => {
    if (known !== undefined) return Connection.open({ ...options, version: known });
    const first = await Connection.open({ ...options, version: 5 }).catch((error: unknown) => {
      if (error instanceof BrokerFault && error.kind === 'version') return undefined;
      throw error;
    });
    const connection = first ?? (await Connection.open({ ...options, version: 4 }));
    known = connection.version;
    return connection;
  };
}
