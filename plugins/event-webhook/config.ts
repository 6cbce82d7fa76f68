import { isLoopback, isSecretName, z } from 'tutti/plugin';

const url = z
  .url({ error: 'expected an address such as https://hooks.example/tutti', abort: true })
  .refine((text) => {
    const { protocol, hostname } = new URL(text);
    return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
  }, 'must begin with https://; http:// is for this machine alone')
  .refine((text) => {
    const { username, password } = new URL(text);
    return username === '' && password === '';
  }, 'credentials do not belong in it: calls are signed');

export const config = z
  .strictObject({
    url: url.describe('Where events are posted to'),
    events: z
      .array(z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/, 'expected a name such as instance.changed'))
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'has a name twice')
      .describe('Names of events; one that nobody publishes is never heard of'),
    secretName: z
      .string()
      .refine(isSecretName, 'expected letters, digits, ".", "_", "-" and "/"')
      .optional()
      .describe('Name of the signing secret at the provider of secrets'),
    secretFile: z.string().min(1).optional().describe('File that holds the signing secret: whsec_ and base64'),
    ca: z.string().min(1).optional().describe("PEM file of the receiver's CA; the system's CAs unless told"),
    source: z
      .string()
      .min(1)
      .max(1_000)
      .default('/tutti')
      .describe('Source of the CloudEvents, a URI reference: which host it is'),
    timeoutSeconds: z.number().min(1).max(300).default(15).describe('Seconds that the receiver has to answer'),
    giveUpHours: z.number().positive().max(720).default(72).describe('Hours after which an event is given up'),
    limit: z.number().int().min(1).max(1_000_000).default(10_000).describe('Events that may wait; more are dropped'),
  })
  .refine(({ secretName, secretFile }) => (secretName === undefined) !== (secretFile === undefined), {
    path: ['secretName'],
    message: 'expected either this or secretFile',
  });
export type Config = z.output<typeof config>;
