import { z } from '../../../core/plugin/index.js';
import { dockerConfigJson, type Login } from '../../shared/logins/index.js';
import type { KubernetesObject } from './kubernetes.js';
import { type Mark, marks, marksOf, readMark } from './marks.js';

type Credentials = Pick<Login, 'host' | 'username' | 'password'>;

const content = z.object({
  auths: z.record(z.string(), z.object({ username: z.string(), password: z.string() })),
});

/** A Secret with which pods of a component pull, or Helm its chart. Its label tells it from what authors write. */
export function pullSecret(
  { mark, name, namespace }: { readonly mark: Mark; readonly name: string; readonly namespace: string },
  known: readonly Credentials[],
): KubernetesObject {
  const { labels, annotations } = marksOf(mark);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { ...labels, [marks.pulls]: 'true' }, annotations },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(dockerConfigJson(known)).toString('base64') },
  };
}

/**
 * A pull secret of ours with the credentials of now for the registries that it is for; `undefined` where it has them. Of
 * a registry that we know none of at the moment, those that it has stay: a password may well be good for longer than
 * whoever hands it out can be reached.
 */
export function renewedPullSecret(secret: KubernetesObject, known: readonly Login[]): KubernetesObject | undefined {
  const { name, namespace, labels, deletionTimestamp } = secret.metadata;
  const mark = readMark(secret.metadata);
  const before = credentialsIn(secret);
  if (labels?.[marks.pulls] === undefined || namespace === undefined || deletionTimestamp !== undefined)
    return undefined;
  if (mark === undefined || before === undefined) return undefined;
  const now = before.map((each) => known.find(({ host }) => host === each.host) ?? each);
  const isRight = before.every(
    ({ username, password }, at) => username === now[at]?.username && password === now[at]?.password,
  );
  return isRight ? undefined : pullSecret({ mark, name, namespace }, now);
}

/** `undefined` where somebody has made something else of it. */
function credentialsIn(secret: KubernetesObject): Credentials[] | undefined {
  const data = z.object({ '.dockerconfigjson': z.string() }).safeParse(secret['data']).data;
  if (data === undefined) return undefined;
  try {
    const text = Buffer.from(data['.dockerconfigjson'], 'base64').toString();
    const read = content.safeParse(JSON.parse(text)).data;
    return read && Object.entries(read.auths).map(([host, login]) => ({ host, ...login }));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
