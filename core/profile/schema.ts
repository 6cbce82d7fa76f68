import { z } from 'zod';
import { parseIntegrity } from '../plugin/integrity.js';

const units = { ms: 1, s: 1_000, m: 60_000 } as const;

const durationForm = 'expected a duration such as 500ms, 10s or 2m';

/** Milliseconds; a timer that is set to more is over at once. */
const longestDuration = 2 ** 31 - 1;

/** `500ms`, `10s`, `2m`: how long a phase may take; milliseconds afterwards. */
const duration = z
  .string(durationForm)
  .regex(/^[1-9][0-9]*(ms|s|m)$/, durationForm)
  .transform((text) => Number.parseInt(text, 10) * units[text.replace(/[0-9]/g, '') as keyof typeof units])
  .refine((milliseconds) => milliseconds <= longestDuration, 'expected at most 35000m');

/** What a profile and its entries may be called. */
export const name = z
  .string()
  .max(63)
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'expected a name of letters, digits, "-" and "_", a letter first');

const reference = z.string().min(1);

/** Read by the code that compares it; an editor is told its form. */
const integrity = z
  .string()
  .meta({ pattern: '^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}$' })
  .transform((text, context) => {
    const parsed = parseIntegrity(text);
    if (typeof parsed !== 'string') return parsed;
    context.addIssue({ code: 'custom', message: parsed });
    return z.NEVER;
  })
  .describe('The hash of its files, as `tutti plugin pin` prints it; other files are refused');

/** Where a plugin comes from, and which files it must then consist of. */
export const pluginItem = z.union([
  reference.transform((from) => ({ from })),
  z.strictObject({ from: reference.describe('A path (./...) or a package name'), integrity: integrity.optional() }),
]);

const mebibytes = { Mi: 1, Gi: 1024 } as const;

const memoryForm = 'expected an amount of memory such as 256Mi or 1Gi';
/** Mebibytes without which no isolate even starts. */
const leastMemory = 32;

/** `256Mi`, `1Gi`; mebibytes afterwards. */
const memory = z
  .string(memoryForm)
  .regex(/^[1-9][0-9]*(Mi|Gi)$/, memoryForm)
  .transform((text) => Number.parseInt(text, 10) * mebibytes[text.slice(-2) as keyof typeof mebibytes])
  .refine((amount) => amount >= leastMemory, `expected at least ${leastMemory}Mi, with less nothing starts`);

const isolationKind = z.enum(['none', 'thread', 'process']);

const isolation = z
  .union([
    isolationKind,
    z.strictObject({
      kind: isolationKind,
      memory: memory.prefault('256Mi').describe('The most that it may take'),
      deadline: duration
        .prefault('30s')
        .describe('How long it may take to answer a call; what applies, pulls or streams is ended by its caller alone'),
    }),
  ])
  .transform((value) => (typeof value === 'string' ? { kind: value, memory: 256, deadline: 30_000 } : value));

const entry = z.strictObject({
  type: z.string().min(1).describe('What to make: the type of a definition'),
  config: z.unknown().optional().describe("Checked by the definition's own schema"),
  uses: z
    .record(z.string(), z.union([reference, z.array(reference)]))
    .nullish()
    .describe('Which entries it uses; only where there is a choice'),
  isolation: isolation
    .optional()
    .describe('Whether it runs in a thread or process of its own, which may fail without the host'),
});

const vendor = entry.extend({
  path: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)*$/, 'expected a path such as /api/v1, without a slash at its end')
    .default('')
    .describe('Prefix of its operations'),
});

const binding = entry.extend({
  serves: z.array(reference).min(1).optional().describe('Which vendors it serves; all unless told'),
});

const host = z.strictObject({
  deadlines: z
    .strictObject({
      start: duration.prefault('30s'),
      drain: duration.prefault('10s'),
      stop: duration.prefault('10s'),
    })
    .prefault({})
    .describe('How long each entry may take for a phase'),
  rateLimit: z
    .strictObject({
      perSecond: z.number().positive().max(1_000_000).describe('Calls a second of one caller, in the long run'),
      burst: z.number().int().min(1).max(1_000_000).describe('Calls of one caller at once, after a rest'),
    })
    .optional()
    .describe(
      'How much one caller may ask of all bindings together: a user or a device, or an address of strangers; no limit unless told',
    ),
  replies: reference
    .optional()
    .describe('Entry of the state that keeps replies to calls with idempotency keys; only where there are several'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['json', 'text']).default('text'),
    })
    .prefault({}),
});

/** Everything of a profile that no plugin decides. A heading without entries is as good as none. */
export const profileShape = z.strictObject({
  profile: name.describe("The profile's name"),
  data: z.string().min(1).optional().describe('Data directory; ./data/<profile> unless told'),
  plugins: z.array(pluginItem).nullish().describe('Paths (./...) or package names; built-ins are always known'),
  host: host.prefault({}),
  providers: z.record(name, entry).nullish(),
  managers: z.record(name, entry).nullish(),
  vendors: z.record(name, vendor).nullish(),
  bindings: z.record(name, binding).nullish(),
});

/** What of an entry is the same for all types; for the editors' schema. */
export const entryShapes = { providers: entry, managers: entry, vendors: vendor, bindings: binding } as const;
