import { createHash } from 'node:crypto';
import {
  anyone,
  type CacheRule,
  defineOperation,
  type MountedOperation,
  Problem,
  problems,
  type Representation,
  representation,
  serve,
} from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';
import type { OpenApi } from '../openapi/index.js';
import { page, startScript } from './page.js';
import { assetMediaTypes, SwaggerUi } from './swagger-ui.js';

export { pageHeaders } from './page.js';

export interface DocsOptions {
  /** The binding's name. */
  readonly name: string;
  /** Of the page: `/docs`. */
  readonly path: string;
  /** Called when somebody asks for the first time. */
  readonly describe: () => OpenApi;
}

/** Where the description is, whatever the path of the page. */
const description = '/openapi.json';

const open = { problems: [], access: anyone, idempotency: 'safe', input: z.object({}) } as const;
const never: CacheRule = { visibility: 'public', freshness: 'immutable' };
const revalidated: CacheRule = { visibility: 'public', freshness: 'revalidate' };

/**
 * The description of what is served and a page to browse it, as operations, so that conditional requests, negotiation and
 * limits hold for them as for any other. They are not part of what they describe.
 */
export function docsOperations({ name, path, describe }: DocsOptions): readonly MountedOperation[] {
  const swaggerUi = new SwaggerUi();
  const here = path.slice(path.lastIndexOf('/') + 1);
  const root = '../'.repeat(path.split('/').length - 2);
  const texts = {
    description: lazily(() => document(JSON.stringify(describe()), 'application/json')),
    script: lazily(() => document(startScript(`${root}${description.slice(1)}`), 'text/javascript; charset=utf-8')),
    page: lazily(async () => {
      const files = `${here}/${await swaggerUi.version()}`;
      return document(page(describe().info.title, files, `${here}/start.js`), 'text/html; charset=utf-8');
    }),
  };
  const text = (id: string, at: string, mediaType: string, made: () => Promise<Representation>) =>
    serve(
      defineOperation({
        ...open,
        id: `docs.${id}`,
        summary: `The ${id} of the API`,
        output: { kind: 'representation', mediaTypes: [mediaType] },
        http: { method: 'GET', path: at },
      }),
      made,
    );
  const asset = serve(
    defineOperation({
      ...open,
      id: 'docs.asset',
      summary: 'A file of the page',
      input: z.object({ version: z.string(), file: z.string() }),
      output: { kind: 'representation', mediaTypes: assetMediaTypes },
      problems: [problems.notFound],
      http: { method: 'GET', path: `${path}/{version}/{file}` },
    }),
    async ({ input: { version, file } }) => {
      const found = version === (await swaggerUi.version()) ? await swaggerUi.asset(file) : undefined;
      if (!found) throw new Problem(problems.notFound, `the page has no file ${version}/${file}`);
      return representation(found.bytes, found.mediaType, { etag: `${version}-${file}`, cache: never });
    },
  );
  return [
    text('description', description, 'application/json', texts.description),
    text('page', path, 'text/html; charset=utf-8', texts.page),
    text('script', `${path}/start.js`, 'text/javascript; charset=utf-8', texts.script),
    asset,
  ].map((served) => ({ ...served, vendor: name, prefix: '' }));
}

function document(text: string, mediaType: string): Representation {
  const bytes = Buffer.from(text);
  const etag = createHash('sha256').update(bytes).digest('base64url');
  return representation(bytes, mediaType, { etag, cache: revalidated });
}

/** Once, when it is first asked for. */
function lazily<T>(make: () => Promise<T> | T): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= Promise.resolve(make());
    return made;
  };
}
