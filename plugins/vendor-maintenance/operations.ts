import { atLeast, defineOperation, problems, z } from 'tutti/plugin';

const minutes = { m: 1, h: 60, d: 24 * 60 } as const;
const lastsForm = 'expected a time such as 90m, 2h or 3d';

/** Milliseconds afterwards. */
const lasts = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, lastsForm)
  .transform((text) => Number.parseInt(text, 10) * minutes[text.slice(-1) as keyof typeof minutes] * 60_000)
  .describe('How long, such as 90m, 2h or 3d');

const device = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, 'expected letters, digits, dots and dashes')
  .describe('Id or name of the device, as the people who plan the work know it');

const time = z.iso.datetime().describe('RFC 3339, UTC');

/** `.meta({ id })` gives it a name of its own in OpenAPI, in the .proto and in AsyncAPI. */
export const maintenanceWindow = z
  .object({
    device,
    reason: z.string().describe('For a person'),
    openedBy: z.string().describe('Who opened it'),
    opened: time,
    ends: time,
  })
  .meta({ id: 'MaintenanceWindow' });
export type MaintenanceWindow = z.output<typeof maintenanceWindow>;

/** With the role of who may look, and of who may change: the same roles as those of the built-in operations. */
const looking = { access: atLeast('viewer'), idempotency: 'safe', problems: [] } as const;
const changing = { access: atLeast('operator'), problems: [problems.conflict, problems.notFound] } as const;

export const openWindow = defineOperation({
  ...changing,
  id: 'maintenance.open',
  summary: 'Opens a maintenance window of a device',
  idempotency: 'once',
  input: z.strictObject({ device, lasts, reason: z.string().max(1_000).default('') }),
  output: { kind: 'value', schema: maintenanceWindow },
  http: { method: 'POST', path: '/windows' },
});

export const closeWindow = defineOperation({
  ...changing,
  id: 'maintenance.close',
  summary: 'Closes the maintenance window of a device before its end',
  idempotency: 'idempotent',
  input: z.strictObject({ device }),
  output: { kind: 'empty' },
  http: { method: 'DELETE', path: '/windows/{device}' },
});

export const listWindows = defineOperation({
  ...looking,
  id: 'maintenance.list',
  summary: 'The maintenance windows that are open now',
  input: z.strictObject({}),
  output: { kind: 'value', schema: z.object({ items: z.array(maintenanceWindow) }) },
  http: { method: 'GET', path: '/windows' },
});

export const watchWindows = defineOperation({
  ...looking,
  id: 'maintenance.watch',
  summary: 'The maintenance windows that are open now, then each as it is opened or closed',
  input: z.strictObject({}),
  output: { kind: 'stream', schema: z.object({ device, window: maintenanceWindow.optional() }) },
  http: { method: 'GET', path: '/windows/watch' },
});
