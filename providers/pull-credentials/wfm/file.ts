import { join } from 'node:path';
import { makePrivateDirectory, readIfThere, replaceFile } from '../../../core/files/index.js';
import { z } from '../../../core/plugin/index.js';
import type { Held } from './held.js';

const content = z.object({
  at: z.number(),
  credentials: z.array(
    z.object({
      registry: z.string(),
      username: z.string(),
      password: z.string(),
      expiresAt: z.number().exactOptional(),
    }),
  ),
});

/** Credentials in a file that its owner alone can read. */
export class CredentialFile {
  readonly #file: string;

  constructor(private readonly directory: string) {
    this.#file = join(directory, 'credentials.json');
  }

  /** @returns `undefined` where there is none, or none that can be read: who hands them out is asked again then */
  async read(): Promise<Held | undefined> {
    await makePrivateDirectory(this.directory);
    const text = await readIfThere(this.#file);
    if (text === undefined) return undefined;
    try {
      const read = content.safeParse(JSON.parse(text));
      return read.success ? read.data : undefined;
    } catch (error) {
      // What a parser says would quote the text.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async write(held: Held): Promise<void> {
    await replaceFile(this.#file, JSON.stringify(held), 0o600);
  }
}
