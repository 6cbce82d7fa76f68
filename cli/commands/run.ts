import { createLog, startHost } from '../../core/host/index.js';
import { readProfile, tuttiVersion } from '../profile.js';

/** Runs a profile until SIGTERM or SIGINT; a second signal does not wait for the drain. */
export async function run(file: string): Promise<void> {
  const begun = process.hrtime.bigint();
  const interrupted = new AbortController();
  const first = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        interrupted.abort(new Error(`${signal} came during the start`));
        resolve(signal);
        for (const again of ['SIGTERM', 'SIGINT'] as const) process.once(again, () => process.exit(130));
      });
    }
  });
  const profile = await readProfile(file);
  const log = createLog(profile.host.log);
  const host = await startHost(profile, { version: tuttiVersion(), log, signal: interrupted.signal });
  const elapsed = Math.round(Number(process.hrtime.bigint() - begun) / 1e6);
  const addresses = host.status.addresses();
  process.stdout.write(`ready in ${elapsed} ms${addresses.length > 0 ? ` at ${addresses.join(' ')}` : ''}\n`);
  log.root.info('ready', { profile: profile.name, milliseconds: elapsed, addresses });
  await first;
  await host.stop();
}
