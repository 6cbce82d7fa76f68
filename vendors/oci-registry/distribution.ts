import type { Logger } from '../../core/plugin/index.js';
import type { HttpMountContext, HttpMountHandler } from '../http/index.js';
import { type Access, admit } from './access.js';
import { answerFault } from './answers.js';
import { deleteBlob, getBlob } from './blobs.js';
import type { Exchange } from './exchange.js';
import { DistributionFault } from './fault.js';
import { listReferrers, listTags, ping } from './listings.js';
import { deleteManifest, getManifest, putManifest } from './manifests.js';
import { beginUpload, cancelUpload, continueUpload, finishUpload, uploadStatus } from './pushing.js';
import type { RegistryStorage } from './storage.js';

export interface DistributionOptions {
  readonly storage: RegistryStorage;
  readonly log: Logger;
  readonly anonymousPull: boolean;
}

interface Route {
  readonly access: Access;
  readonly handle: (exchange: Exchange) => Promise<void>;
}

const endpoints: readonly { readonly path: RegExp; readonly routes: Readonly<Record<string, Route>> }[] = [
  {
    path: /^\/(?<name>.+)\/manifests\/(?<reference>[^/]+)$/,
    routes: {
      GET: { access: 'pull', handle: getManifest },
      HEAD: { access: 'pull', handle: getManifest },
      PUT: { access: 'push', handle: putManifest },
      DELETE: { access: 'push', handle: deleteManifest },
    },
  },
  {
    path: /^\/(?<name>.+)\/blobs\/uploads\/?$/,
    routes: { POST: { access: 'push', handle: beginUpload } },
  },
  {
    path: /^\/(?<name>.+)\/blobs\/uploads\/(?<reference>[^/]+)$/,
    routes: {
      GET: { access: 'push', handle: uploadStatus },
      HEAD: { access: 'push', handle: uploadStatus },
      PATCH: { access: 'push', handle: continueUpload },
      PUT: { access: 'push', handle: finishUpload },
      DELETE: { access: 'push', handle: cancelUpload },
    },
  },
  {
    path: /^\/(?<name>.+)\/blobs\/(?<reference>[^/]+)$/,
    routes: {
      GET: { access: 'pull', handle: getBlob },
      HEAD: { access: 'pull', handle: getBlob },
      DELETE: { access: 'push', handle: deleteBlob },
    },
  },
  {
    path: /^\/(?<name>.+)\/tags\/list$/,
    routes: { GET: { access: 'pull', handle: listTags }, HEAD: { access: 'pull', handle: listTags } },
  },
  {
    path: /^\/(?<name>.+)\/referrers\/(?<reference>[^/]+)$/,
    routes: { GET: { access: 'pull', handle: listReferrers }, HEAD: { access: 'pull', handle: listReferrers } },
  },
  {
    path: /^\/?$/,
    routes: { GET: { access: 'greet', handle: ping }, HEAD: { access: 'greet', handle: ping } },
  },
];

/** OCI Distribution v1.1 over a storage, to be mounted at `/v2`. */
export function distribution({ storage, log, anonymousPull }: DistributionOptions): HttpMountHandler {
  return async (request, response, context) => {
    const method = request.method ?? 'GET';
    const head = method === 'HEAD';
    try {
      const path = decoded(context.path);
      const { route, name, reference } = routeOf(method, path);
      await admit(context, route.access, anonymousPull);
      const url = new URL(request.url ?? '/', 'http://mount.invalid');
      const base = mountBase(url.pathname, context);
      await route.handle({ request, response, storage, query: url.searchParams, base, head, name, reference });
    } catch (error) {
      // A client that went away in the middle needs no answer and is nobody's fault.
      if (response.destroyed || (request.destroyed && !request.complete)) log.debug('the client went away', { error });
      else answerFault(response, error, log, head);
    }
  };
}

function routeOf(method: string, path: string): { route: Route; name: string; reference: string } {
  for (const { path: pattern, routes } of endpoints) {
    const match = pattern.exec(path);
    if (!match) continue;
    const route = Object.hasOwn(routes, method) ? routes[method] : undefined;
    if (route) return { route, name: match.groups?.['name'] ?? '', reference: match.groups?.['reference'] ?? '' };
    const allow = Object.keys(routes).join(', ');
    throw new DistributionFault(405, 'UNSUPPORTED', `only ${allow} here`, { headers: { Allow: allow } });
  }
  throw new DistributionFault(404, 'UNSUPPORTED', 'no such endpoint of OCI Distribution');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new DistributionFault(400, 'NAME_INVALID', 'the path is not well encoded');
  }
}

function mountBase(pathname: string, { path }: HttpMountContext): string {
  return pathname.endsWith(path) ? pathname.slice(0, pathname.length - path.length) : '/v2';
}
