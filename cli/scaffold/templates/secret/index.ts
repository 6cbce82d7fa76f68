import { readFile } from 'node:fs/promises';
import { defineProvider, isSecretName, SecretFault, SecretProvider, z } from 'tutti/plugin';

/** Bytes of the largest value that the port knows. */
const largest = 65_536;

const secrets = z.record(z.string(), z.string());

/**
 * What a store of secrets promises is written at `SecretProvider`, and `tutti plugin test .` sees whether this one keeps
 * it. This one reads a JSON file with a value for each name: put your store in place of `read`.
 */
export default defineProvider({
  port: SecretProvider,
  type: 'secret.my-secret',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    file: z
      .string()
      .min(1)
      .default('./secrets.json')
      .describe('JSON file with a value for each name; read at each call'),
  }),
  needs: { files: 'Reads the file of its config' },
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: ({ config, resolvePath }) => ({
    get: async (name, signal) => {
      signal?.throwIfAborted();
      if (!isSecretName(name)) throw new SecretFault('invalid', 'that is no name of a secret');
      const values = await read(resolvePath(config.file), signal);
      const kept = Object.hasOwn(values, name) ? values[name] : undefined;
      if (kept === undefined) throw new SecretFault('not-found', `there is no secret "${name}" in ${config.file}`);
      // An editor's, not the secret's.
      const value = kept.replace(/\r?\n$/, '');
      const bytes = Buffer.byteLength(value);
      if (bytes < 1 || bytes > largest) {
        throw new SecretFault('invalid', `the secret "${name}" has ${bytes} bytes: 1 to ${largest} can be one`);
      }
      return value;
    },
  }),
});

/** @throws SecretFault without anything of what the file holds */
async function read(file: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(file, { encoding: 'utf8', ...(signal && { signal }) }).catch(
    (error: NodeJS.ErrnoException) => {
      signal?.throwIfAborted();
      const denied = error.code === 'EACCES' || error.code === 'EPERM';
      throw new SecretFault(denied ? 'denied' : 'unreachable', `${file} cannot be read: ${error.code}`);
    },
  );
  // What a parser says quotes the file.
  try {
    const parsed = secrets.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SecretFault('invalid', `${file} is not a JSON object of strings`);
}
