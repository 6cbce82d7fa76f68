import { isLoopback, isSecretName, secret, z } from '../../../core/plugin/index.js';

const address = z
  .string()
  .regex(/^(?:\[[0-9a-f:]+\]|[^\s:/@[\]]+):[0-9]{1,5}$/i, 'expected host:port')
  .describe('host:port');

const url = z.string().superRefine((text, context) => {
  const fault = (message: string) => context.addIssue({ code: 'custom', message });
  if (text.startsWith('unix:///')) return;
  const parsed = overNetwork(text);
  if (!parsed) {
    fault('expected redis://host[:port], rediss://host[:port] or unix:///path');
    return;
  }
  if (parsed.username !== '' || parsed.password !== '') {
    fault('credentials do not belong in the URL; use username and passwordFile');
  }
  if (!['', '/'].includes(parsed.pathname) || parsed.search !== '' || parsed.hash !== '') {
    fault('only redis://host[:port]; the database has a setting of its own');
  }
});

const nodes = z.array(address).min(1);

/** How a Redis is reached: the same settings for everything that is kept in one. */
export const redisSettings = {
  url: url.optional().describe('One Redis: redis://host[:port], rediss:// for TLS, or unix:///path of its socket'),
  sentinel: z
    .strictObject({
      master: z.string().min(1).describe('The name that the sentinels give to the master'),
      nodes: nodes.describe('The sentinels'),
      passwordFile: z.string().min(1).optional().describe('File that holds the password of the sentinels themselves'),
    })
    .optional()
    .describe('Or a master that sentinels watch over'),
  cluster: nodes.optional().describe('Or a cluster: some of its nodes, from which the others are learned'),
  tls: z
    .boolean()
    .optional()
    .describe('TLS to the nodes that sentinels or a cluster name; a url says it by its scheme'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the CA that signs its certificate; the system's CAs unless told"),
  certificate: z.string().min(1).optional().describe('PEM file of a client certificate'),
  key: z.string().min(1).optional().describe('PEM file of its key'),
  plain: z
    .boolean()
    .default(false)
    .describe('Go without TLS to another machine: whoever sees the line sees everything, the password too'),
  username: z.string().min(1).optional().describe('User of its access list; `default` unless told'),
  password: secret(z.string().min(1)).optional().describe('Better kept in a file'),
  passwordFile: z.string().min(1).optional().describe('File that holds the password; read at each connection'),
  passwordSecret: z
    .string()
    .refine(isSecretName, 'not the name of a secret (letters, digits, `.`, `_`, `-`, in parts between `/`)')
    .optional()
    .describe('Name of the secret that is the password; asked for at each connection'),
  database: z.int().min(0).default(0).describe('Number of the database; a cluster has but one'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'letters, digits, `.`, `_` and `-` only')
    .default('tutti')
    .describe('What its keys begin with; hosts with the same prefix share everything'),
  timeout: z.number().positive().max(300).default(5).describe('Seconds until a Redis that does not answer is away'),
};

const schema = z.object(redisSettings);
export type RedisSettings = z.output<typeof schema>;

/** How many replicas must have what is acknowledged. @param meaning what that is, and what for */
export const replicasSetting = (meaning: string) => z.int().min(0).max(16).default(0).describe(meaning);

/** What a provider with these settings needs of its machine. */
export const redisNeeds = {
  network: 'Connects to the Redis, the sentinels or the cluster of its config',
  files: 'Reads the certificates and the file of the password that its config names',
};

/**
 * Rules that no single setting can say. Use:
 * `z.strictObject({ ...redisSettings, replicas: replicasSetting('...') }).superRefine(checkRedisSettings)`.
 */
export function checkRedisSettings(
  settings: RedisSettings & { readonly replicas: number },
  context: z.RefinementCtx,
): void {
  const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const said = (names: readonly (keyof RedisSettings)[]) => names.filter((name) => settings[name] !== undefined);
  const [place, other] = said(['url', 'sentinel', 'cluster']);
  if (place === undefined) fault('url', 'where is it? give one of url, sentinel or cluster');
  if (other !== undefined) fault(other, `${place} and ${other} exclude each other`);
  const [password, second] = said(['password', 'passwordFile', 'passwordSecret']);
  if (second !== undefined) fault(second, `${password} and ${second} exclude each other`);
  if (settings.username !== undefined && password === undefined) {
    fault('username', 'a username needs a password, a passwordFile or a passwordSecret');
  }
  if ((settings.certificate === undefined) !== (settings.key === undefined)) {
    fault(settings.key === undefined ? 'certificate' : 'key', 'certificate and key belong together');
  }
  if (settings.url !== undefined && settings.tls !== undefined)
    fault('tls', 'the scheme of the url says it: rediss://');
  if (settings.cluster !== undefined && settings.database !== 0) fault('database', 'a cluster has but database 0');
  const open = place === undefined || settings.plain ? [] : openHosts(settings);
  if (open[0] !== undefined) {
    fault(
      place ?? 'url',
      `no TLS to ${open[0]}: use ${place === 'url' ? 'rediss://' : 'tls: true'}, or write plain: true`,
    );
  }
  if (settings.cluster !== undefined && settings.replicas > 0) {
    fault('replicas', 'a cluster is not asked for its replicas; set min-replicas-to-write on its nodes');
  }
}

/** Hosts of other machines that are reached in the open. */
function openHosts({ url: text, sentinel, cluster, tls = false }: RedisSettings): readonly string[] {
  if (text !== undefined) {
    const parsed = overNetwork(text);
    // A socket; or no URL of a Redis, which is a fault of its own.
    if (!parsed) return [];
    return parsed.protocol === 'rediss:' || isLoopback(bare(parsed.hostname)) ? [] : [parsed.hostname];
  }
  if (tls) return [];
  return [...(sentinel?.nodes ?? []), ...(cluster ?? [])]
    .map((node) => bare(node.slice(0, node.lastIndexOf(':'))))
    .filter((host) => !isLoopback(host));
}

/** The URL of a Redis that is reached by a host; `undefined` for any other text. */
function overNetwork(text: string): URL | undefined {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return parsed && ['redis:', 'rediss:'].includes(parsed.protocol) && parsed.hostname !== '' ? parsed : undefined;
}

/** An address of IPv6 without its brackets. */
export function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
