import { readFile } from 'node:fs/promises';
import { parseCertificate } from '../../core/identity/index.js';
import { Problem, problems } from '../../core/plugin/index.js';

/**
 * The DER of the certificate that devices are to trust this server by, read at each use so that a changed file counts.
 *
 * @param given whether the profile names the file, and did not leave it to the development CA
 * @throws Problem 404 where there is no CA of ours, 503 where the named one cannot be used
 */
export async function readServerCa(file: string, given: boolean): Promise<Uint8Array> {
  try {
    return parseCertificate(await readFile(file)).der;
  } catch (cause) {
    if (!given && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new Problem(
        problems.notFound,
        'this server has no CA of its own to hand out; ask its operator for the one that its certificate chains to',
      );
    }
    throw new Problem(problems.unavailable, 'the CA of this server cannot be read at the moment', { cause });
  }
}
