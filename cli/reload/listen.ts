import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { codeOf, hasCode } from '../../core/files/index.js';
import type { Logger } from '../../core/plugin/index.js';
import { fitsSocket, parsedLine, type ReloadAnswer, reloadRequest, socketIn } from './wire.js';

export interface ReloadListener {
  /** Takes no more requests, and lets answers that are under way end. */
  close(): Promise<void>;
}

/**
 * Takes `tutti reload` on a socket in the data directory, for the user of the host alone. A host that cannot have one
 * says so in its log and goes on without: SIGHUP reloads it as well.
 *
 * @param answer to a request for this file
 */
export async function listenForReloads(
  dataDir: string,
  answer: (file: string) => Promise<ReloadAnswer>,
  log: Logger,
): Promise<ReloadListener> {
  const path = socketIn(dataDir);
  const underWay = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const done = serve(socket, answer, log).finally(() => underWay.delete(socket));
    underWay.set(socket, done);
  });
  try {
    await listenAt(server, path);
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    const reason = error instanceof Unavailable ? error.message : `${path} cannot be listened at: ${codeOf(error)}`;
    log.warn(`"tutti reload" does not reach this host, only SIGHUP does: ${reason}`);
  }
  return {
    close: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      // Who has not asked yet is not waited for.
      for (const socket of underWay.keys()) if (!socket.readableEnded) socket.destroy();
      await Promise.all(underWay.values());
      await closed;
    },
  };
}

/** Why there is no socket, for a person. */
class Unavailable extends Error {}

async function listenAt(server: Server, path: string): Promise<void> {
  if (!fitsSocket(path))
    throw new Unavailable(`the path ${path} is too long for a socket; use a shorter data directory`);
  try {
    await listening(server, path);
  } catch (error) {
    if (!hasCode(error, 'EADDRINUSE')) throw error;
    // Not another host: the data directory is this one's alone.
    if (await isAnswered(path))
      throw new Unavailable(`something else listens at ${path}; an entry of this host, or another program`);
    // Left behind by a host that was killed.
    await rm(path, { force: true });
    await listening(server, path);
  }
}

async function listening(server: Server, path: string): Promise<void> {
  const ready = once(server, 'listening');
  server.listen(path);
  await ready;
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (hasCode(error, 'ECONNREFUSED', 'ENOENT')) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function serve(socket: Socket, answer: (file: string) => Promise<ReloadAnswer>, log: Logger): Promise<void> {
  // Who asked may be gone before the answer: the reload goes on, and the log has its outcome.
  socket.on('error', (error) => log.debug(`a connection of "tutti reload" ended: ${codeOf(error)}`));
  let asked: string;
  try {
    // Reading to the end would destroy the socket, and the answer with it.
    asked = await text(socket.iterator({ destroyOnReturn: false }));
  } catch {
    return; // As above.
  }
  const request = reloadRequest.safeParse(parsedLine(asked));
  const reply: ReloadAnswer = request.success ? await answer(request.data.reload) : { kind: 'not-understood' };
  socket.end(`${JSON.stringify(reply)}\n`);
}
