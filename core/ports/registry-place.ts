import { z } from 'zod';
import { isRepositoryName } from './artifact-reference.js';
import { hostGrammar, isPort } from './host-grammar.js';

const dockerHub = 'https://index.docker.io/v1/';

/**
 * Why `text` is not the `host[:port]` of a registry, as references begin with it, and what to write; `undefined` when it is.
 * @experimental
 */
export function registryHostFault(text: string): string | undefined {
  const fault = schemeFault(text);
  if (fault !== undefined) return fault;
  if (text.includes('/'))
    return `expected host[:port] alone: leave ${JSON.stringify(text.slice(text.indexOf('/')))} away`;
  const host = hostGrammar.exec(text);
  // What looks like an address may be none, as 1.2.3.4.5.
  const isHost = host && isPort(host[1] ?? '0') && URL.canParse(`https://${text}`);
  return isHost ? undefined : 'expected host[:port], as in registry.example:5000';
}

/**
 * Why `text` is not a place in a registry, and what to write; `undefined` when it is. A place is one repository,
 * `host[:port]/repository`, or all below it when it ends in `/`: `host[:port]/` is all of a registry.
 * @experimental
 */
export function registryPlaceFault(text: string): string | undefined {
  const fault = schemeFault(text);
  if (fault !== undefined) return fault;
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const wrong = registryHostFault(host);
  if (wrong !== undefined) return `it must begin with a registry: ${wrong}`;
  if (slash < 0) return `it names no repository: write ${host}/ for all of it`;
  // A repository without its registry would be taken for a registry's name, and nothing would ever be there.
  if (!/[.:[]/.test(host) && host !== 'localhost')
    return `it must begin with a registry, as in registry.example/${text}; if ${host} is one, write ${host}:443${text.slice(slash)}`;
  return text.length === slash + 1 ? undefined : repositoryFault(text.slice(slash + 1));
}

/**
 * Why `text` is not a place in any registry, and what to write; `undefined` when it is. Such a place is one repository,
 * `project/name`, or all below it when it ends in `/`; without the registry that has it.
 * @experimental
 */
export function repositoryPlaceFault(text: string): string | undefined {
  const fault = schemeFault(text);
  if (fault !== undefined) return `${fault}, and the host too`;
  const slash = text.indexOf('/');
  if (slash < 0) return `it names no repository of a project: write ${text}/ for all below it`;
  const first = text.slice(0, slash);
  if (looksLikeHost(first)) {
    const rest = text.slice(slash + 1);
    return `expected a repository without its host: ${rest === '' ? `leave ${text} away` : `write ${rest}`}`;
  }
  return repositoryFault(text);
}

/**
 * `host[:port]` of a registry, in a config.
 * @experimental
 */
export const registryHost = z.string().superRefine(refuse(registryHostFault));

/**
 * `registryHost`, or the name that Docker's own `config.json` has for Docker Hub.
 * @experimental
 */
export const registryLoginHost = z
  .string()
  .superRefine(refuse((text) => (text === dockerHub ? undefined : registryHostFault(text))));

/**
 * A repository with its registry or, ending in `/`, all below it, in a config.
 * @experimental
 */
export const registryPlace = z.string().superRefine(refuse(registryPlaceFault));

/**
 * A repository without its registry or, ending in `/`, all below it, in a config.
 * @experimental
 */
export const repositoryPlace = z.string().superRefine(refuse(repositoryPlaceFault));

function refuse(faultOf: (text: string) => string | undefined) {
  return (text: string, context: z.RefinementCtx): void => {
    const message = faultOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}

function schemeFault(text: string): string | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  return scheme === undefined ? undefined : `leave ${scheme} away`;
}

/** A project may have a dot in its name; what ends like a domain, or has a port, is a host. */
function looksLikeHost(text: string): boolean {
  return /[:[]/.test(text) || text === 'localhost' || /\.[a-z]{2,}$/i.test(text) || /^\d+(?:\.\d+){3}$/.test(text);
}

function repositoryFault(text: string): string | undefined {
  const name = text.endsWith('/') ? text.slice(0, -1) : text;
  if (isRepositoryName(name)) return undefined;
  return `${JSON.stringify(name)} is not a repository name (lower-case letters, digits and . _ - between them, parted by /)`;
}
