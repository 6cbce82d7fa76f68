import { z } from 'zod';
import { builtinRegistry } from '../../cli/profile.js';
import { systemClock } from '../../core/host/clock.js';
import { isolated } from '../../core/isolation/isolated.js';
import type { Definition } from '../../core/plugin/index.js';
import type { Isolation } from '../../core/profile/model.js';

/**
 * A built-in as a definition whose instances stand in a thread or a process of their own: what makes an instance of any
 * definition makes an isolated one of this.
 */
export function apart(definition: Definition, kind: Isolation['kind']): Definition {
  const origin = builtinRegistry().originOf(definition.type);
  if (!origin) throw new Error(`${definition.type} is not built in`);
  return {
    ...definition,
    // The other side reads it: what this schema made of it might not be what it reads.
    config: z.unknown(),
    create: ({ name, path, config, uses, log, dataDir, resolvePath }) =>
      isolated({
        name,
        path,
        definition,
        isolation: { kind, memory: 256, deadline: 30_000, origin },
        written: config,
        uses,
        dataDir,
        resolvePath,
        clock: systemClock,
        log,
        startDeadline: 60_000,
      }),
  };
}
