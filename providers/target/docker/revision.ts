import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { hasCode, readIfThere, replaceFile } from '../../../core/files/index.js';
import { type Logger, z } from '../../../core/plugin/index.js';

/** What an image of a compose file was when its revision was first applied. */
const PinnedImage = z.strictObject({
  /** `repository@sha256:…`, or the image's id where no registry has it. */
  pin: z.string(),
  id: z.string(),
});
export type PinnedImage = z.output<typeof PinnedImage>;

const RevisionNote = z.strictObject({
  format: z.literal(1),
  /** The component's digest. */
  applied: z.string(),
  /** As the deployment names it, for people. */
  revision: z.string(),
  /** Where `compose.yaml` is, below `files`. */
  directory: z.string(),
  /** By the names that the compose file has for them. */
  images: z.record(z.string(), PinnedImage),
});
type RevisionNote = z.output<typeof RevisionNote>;

/** A revision of a component with all that Compose needs to start it, now or again. */
export interface Revision extends Omit<RevisionNote, 'format'> {
  /** Absolute. */
  readonly directory: string;
  /** What every compose call on it begins with. */
  readonly options: readonly string[];
}

const noteName = 'revision.json';

/**
 * The revisions of a project that can be started: the last good one, and one that is to follow it. Each has a folder
 * with its parameters, our override and, written last, a note of its images.
 */
export class Revisions {
  readonly #root: string;
  readonly #files: string;

  constructor(
    private readonly project: string,
    home: string,
    private readonly log: Logger,
  ) {
    this.#root = join(home, 'revisions');
    this.#files = join(home, 'files');
  }

  /** Where the variables for interpolation are; private, since parameters may be secrets. */
  async writeParameters(applied: string, content: string): Promise<void> {
    await mkdir(this.#of(applied), { recursive: true, mode: 0o700 });
    await privately(this.#parameters(applied), content);
  }

  /** Compose's options while there is no override yet. */
  async draftOptions(applied: string, directory: string): Promise<string[]> {
    const own = (await readdir(directory)).includes('.env') ? ['--env-file', join(directory, '.env')] : [];
    const variables = ['--env-file', this.#parameters(applied)];
    const file = ['-f', join(directory, 'compose.yaml')];
    return ['-p', this.project, '--project-directory', directory, ...own, ...variables, ...file];
  }

  /** Makes a revision one that can be started. */
  async write(revision: Omit<Revision, 'options'>, override: unknown): Promise<Revision> {
    const { applied, directory } = revision;
    await privately(this.#override(applied), JSON.stringify(override));
    const note: RevisionNote = { ...revision, format: 1, directory: relative(this.#files, directory) };
    await replaceFile(join(this.#of(applied), noteName), `${JSON.stringify(note)}\n`, 0o600);
    return this.#startable(revision);
  }

  /** `undefined` when it was never written to its end, or is no longer kept. */
  async read(applied: string): Promise<Revision | undefined> {
    const note = await this.#note(basename(this.#of(applied)));
    if (note?.applied !== applied) return undefined;
    const { format: _, ...revision } = note;
    return this.#startable({ ...revision, directory: join(this.#files, note.directory) });
  }

  /** Ids of the images that kept revisions need. */
  async images(): Promise<string[]> {
    const notes = await Promise.all((await entries(this.#root)).map((name) => this.#note(name)));
    return notes.flatMap((note) => Object.values(note?.images ?? {}).map(({ id }) => id));
  }

  /** Deletes all other revisions, with the unpacked files that only they use; a repair needs no network therefore. */
  async keep(kept: readonly Revision[]): Promise<void> {
    const folders = new Set(kept.map(({ applied }) => basename(this.#of(applied))));
    const files = new Set(kept.map(({ directory }) => relative(this.#files, directory).split('/')[0]));
    await deleteOthers(this.#root, (name) => folders.has(name));
    await deleteOthers(this.#files, (name) => files.has(name));
  }

  async #startable(revision: Omit<Revision, 'options'>): Promise<Revision> {
    const { applied, directory } = revision;
    const options = [...(await this.draftOptions(applied, directory)), '-f', this.#override(applied)];
    return { ...revision, options };
  }

  async #note(folder: string): Promise<RevisionNote | undefined> {
    const file = join(this.#root, folder, noteName);
    const content = await readIfThere(file);
    if (content === undefined) return undefined;
    try {
      return RevisionNote.parse(JSON.parse(content));
    } catch (error) {
      // Damaged, or a newer version's: nothing can be gone back to, and the next apply writes it anew.
      this.log.warn('the note of a revision cannot be read', { file, error });
      return undefined;
    }
  }

  #of(applied: string): string {
    return join(this.#root, applied.slice(0, 16));
  }

  #parameters(applied: string): string {
    return join(this.#of(applied), 'parameters.env');
  }

  #override(applied: string): string {
    return join(this.#of(applied), 'override.json');
  }
}

async function deleteOthers(directory: string, kept: (name: string) => boolean): Promise<void> {
  const others = (await entries(directory)).filter((name) => !kept(name));
  await Promise.all(others.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

async function entries(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
}

/** Written anew, so that the mode holds whatever was there before. */
async function privately(file: string, content: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, content, { mode: 0o600 });
}
