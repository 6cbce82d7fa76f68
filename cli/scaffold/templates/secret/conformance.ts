import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conformance } from 'tutti/testing';
import definition from './index.ts';

export default conformance({
  definition,
  // The store by the other door: as whoever looks after the secrets changes it.
  secret: {
    store: async (dataDir: string) => {
      const file = join(dataDir, 'secrets.json');
      const replace = async (text: string): Promise<void> => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      };
      const change = async (edit: (values: Map<string, string>) => void): Promise<void> => {
        const values = new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, string>));
        edit(values);
        await replace(JSON.stringify(Object.fromEntries(values)));
      };
      await replace('{}');
      return {
        put: (name: string, value: string) => change((values) => values.set(name, value)),
        remove: (name: string) => change((values) => values.delete(name)),
        breakDown: async () => {
          const text = await readFile(file, 'utf8');
          await rm(file);
          return () => replace(text);
        },
        damage: async () => {
          const text = await readFile(file, 'utf8');
          await replace(text.slice(0, -1));
          return () => replace(text);
        },
      };
    },
  },
});
