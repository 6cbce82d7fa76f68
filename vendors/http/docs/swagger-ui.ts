import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Of the files of swagger-ui-dist, those that the page uses, with their media types. */
const served: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
]);

export const assetMediaTypes: readonly string[] = [...new Set(served.values())];

export interface Asset {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** Swagger UI as it is installed; nothing is looked for before it is asked for. */
export class SwaggerUi {
  readonly #assets = new Map<string, Promise<Asset>>();
  #version: Promise<string> | undefined;

  /** Of the package; part of the address of its files, so that these never change. */
  version(): Promise<string> {
    this.#version ??= readFile(manifest(), 'utf8').then((text) => (JSON.parse(text) as { version: string }).version);
    return this.#version;
  }

  /** @returns `undefined` for all but the files that the page uses */
  asset(file: string): Promise<Asset> | undefined {
    const mediaType = served.get(file);
    if (mediaType === undefined) return undefined;
    const present = this.#assets.get(file);
    if (present) return present;
    const asset = readFile(join(dirname(manifest()), file)).then((bytes) => ({ bytes, mediaType }));
    this.#assets.set(file, asset);
    return asset;
  }
}

function manifest(): string {
  return createRequire(import.meta.url).resolve('swagger-ui-dist/package.json');
}
