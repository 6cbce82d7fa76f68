import type { ResolvedProfile } from '../profile/index.js';
import { withDeadline } from '../work/index.js';
import { systemClock } from './clock.js';
import { unstarted } from './unstarted.js';

/** What an entry has found out, or why it could not. */
export type Explained = { readonly entry: string } & ({ readonly found: string } | { readonly fault: string });

/**
 * Asks the entries of a type what their config leaves to be found out, where they can say so. No entry is started.
 *
 * @param milliseconds that all may take together
 * @throws StartUpError when an entry cannot be made; the signal's reason
 */
export async function explainEntries(
  profile: ResolvedProfile,
  type: string,
  { milliseconds, signal }: { readonly milliseconds: number; readonly signal: AbortSignal },
): Promise<readonly Explained[]> {
  const asked = new Set(profile.entries.filter(({ definition }) => definition.type === type).map(({ name }) => name));
  const { nodes } = unstarted(profile);
  const late = () => Promise.resolve(new Error(`nothing has answered in ${milliseconds / 1000} s`));
  const all = nodes.map(async ({ name, instance }): Promise<Explained | undefined> => {
    if (!asked.has(name) || instance.explain === undefined) return undefined;
    try {
      const time = { clock: systemClock, milliseconds, signal, late };
      return {
        entry: name,
        found: await withDeadline(time, async (during) => (await instance.explain?.(during)) ?? ''),
      };
    } catch (error) {
      signal.throwIfAborted();
      return { entry: name, fault: error instanceof Error ? error.message : String(error) };
    } finally {
      // It may have connected.
      await instance.stop?.(signal);
    }
  });
  return (await Promise.all(all)).filter((each) => each !== undefined);
}
