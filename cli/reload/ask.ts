import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../../core/files/index.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, failed, reasonOf } from '../failure.js';
import { fitsSocket, parsedLine, type ReloadAnswer, reloadAnswer, socketIn } from './wire.js';

/**
 * Asks the host of a data directory to read its profile again.
 *
 * @param file absolute
 * @param signal gives up waiting; the reload goes on
 * @throws CommandFailure when no host answers
 */
export async function askForReload(dataDir: string, file: string, signal: AbortSignal): Promise<ReloadAnswer> {
  const path = socketIn(dataDir);
  const bySignal = 'reload it by "kill -HUP PID", and look into its log for the outcome';
  if (!fitsSocket(path)) {
    const message = `the path ${path} is too long for a socket, so no host can be asked there`;
    throw new CommandFailure(exitCodes.unreachable, message, `${bySignal}; or give it a shorter data directory`);
  }
  const socket = createConnection({ path, signal });
  socket.end(`${JSON.stringify({ reload: file })}\n`);
  let answered: string;
  try {
    answered = await text(socket);
  } catch (error) {
    signal.throwIfAborted();
    if (!hasCode(error, 'ENOENT', 'ECONNREFUSED', 'EACCES')) throw failed(reasonOf(error), undefined, { cause: error });
    const [why, advice] = hasCode(error, 'EACCES')
      ? [`${path} is another user's`, 'run the command as the user of the host']
      : [`no host runs with the data directory ${dataDir}`, `start one with "tutti run ${file}", or ${bySignal}`];
    throw new CommandFailure(exitCodes.unreachable, why, advice, { cause: error });
  }
  const answer = reloadAnswer.safeParse(parsedLine(answered));
  if (answer.success) return answer.data;
  const why = answered === '' ? 'closed the connection without an answer' : 'did not answer as a host does';
  throw failed(
    `what listens at ${path} ${why}`,
    'the log of the host says whether it ended, and whether "tutti reload" reaches it',
    { cause: answer.error },
  );
}
