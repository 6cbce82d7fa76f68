import { isSecretName, registryHostFault, secret, z } from '../../../core/plugin/index.js';

/** Whether a URL's host is this machine: the only place that plain HTTP may lead to. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

const origin = z
  .url({ protocol: /^https?$/, error: ({ input }) => noUrl(String(input)) })
  .superRefine((text, context) => {
    if (!URL.canParse(text)) return;
    const url = new URL(text);
    const fault = (message: string) => context.addIssue({ code: 'custom', message });
    if (url.username !== '' || url.password !== '')
      fault('credentials do not belong in the URL; use username and password');
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') fault('only https://host[:port], without a path');
    if (url.protocol === 'http:' && !isLoopback(url)) fault('plain http is for loopback addresses only; use https');
  });

function noUrl(text: string): string {
  return registryHostFault(text) === undefined
    ? `https:// is missing: write https://${text}`
    : 'expected https://host[:port], as in https://registry.example:5000';
}

/** One registry: its address, whom to trust there, and who we are to it. */
export const registryEntry = z
  .strictObject({
    url: origin.describe('https://host[:port]; plain http for loopback addresses only'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file of the CA that signs its certificate; the system's CAs unless told"),
    username: z.string().min(1).optional().describe('`tutti` unless told, for registries where a token is all'),
    password: secret(z.string().min(1)).optional().describe('Or token; better kept in a file'),
    passwordFile: z.string().min(1).optional().describe('File that holds the password, or token; read at each use'),
    passwordSecret: z
      .string()
      .refine(isSecretName, 'not the name of a secret (letters, digits, `.`, `_`, `-`, in parts between `/`)')
      .optional()
      .describe('Name of the secret that is the password, or token; asked for at each use'),
  })
  .superRefine(({ username, password, passwordFile, passwordSecret }, context) => {
    const passwords = Object.entries({ password, passwordFile, passwordSecret }).filter(([, one]) => one !== undefined);
    const [first, second] = passwords.map(([key]) => key);
    if (first !== undefined && second !== undefined) {
      context.addIssue({ code: 'custom', path: [second], message: `${first} and ${second} exclude each other` });
    }
    if (username !== undefined && first === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['username'],
        message: 'a username needs a password, a passwordFile or a passwordSecret',
      });
    }
  });

export const ociConfig = z.strictObject({
  registries: z
    .array(registryEntry)
    .default([])
    .describe('Registries that may be used, and how; the first entry of an address counts'),
  unlisted: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('What to do with an artifact of a registry that is not listed; allowed ones are reached over https'),
  timeouts: z
    .strictObject({
      connect: z.number().positive().default(10).describe('Seconds to connect, TLS included'),
      answer: z
        .number()
        .positive()
        .default(30)
        .describe('Seconds until an answer begins, and for a whole manifest or list'),
      idle: z.number().positive().default(30).describe('Seconds in which at least some bytes of a blob must come'),
    })
    .prefault({}),
  attempts: z.int().min(1).max(10).default(4).describe('Tries of a read while a registry is busy or away'),
});

export type OciConfig = z.output<typeof ociConfig>;
export type RegistryConfig = OciConfig['registries'][number];
