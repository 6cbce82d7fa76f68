import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../../../core/files/index.js';
import { type Logger, z } from '../../../core/plugin/index.js';
import type { DockerConfig } from './config.js';
import type { Engine } from './engine.js';
import { familiarName, type ImageSource } from './images.js';
import type { ProjectFolders } from './project-folders.js';

const Pulled = z.array(z.strictObject({ image: z.string(), id: z.string() }));
type Pulled = z.output<typeof Pulled>;

const inspection = z.object({
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
});

export interface PulledImagesOptions {
  readonly engine: Engine;
  readonly folders: ProjectFolders;
  /** The target's own folder. */
  readonly directory: string;
  readonly log: Logger;
  readonly prune: DockerConfig['prune'];
}

/** The images that this target has pulled, noted in a file: the engine does not keep who did. All others are others'. */
export class PulledImages {
  readonly #file: string;
  #changed: Promise<unknown> = Promise.resolve();
  #users = 0;

  constructor(private readonly options: PulledImagesOptions) {
    // No project's name begins with a dot.
    this.#file = join(options.directory, '.pulled-images.json');
  }

  /** Nothing is pruned while `work` may have pulled what it has not started yet. */
  async using(work: (pulled: ImageSource['pulled']) => Promise<void>): Promise<void> {
    this.#users += 1;
    try {
      // What is being removed now is gone before anybody looks whether it is here.
      await this.#changed;
      await work((image, id) => this.#note(image, id));
    } finally {
      this.#users -= 1;
    }
  }

  /** Has the images go that this target pulled and that no container and no kept revision needs. Never fails. */
  async prune(): Promise<void> {
    if (this.options.prune === 'off' || this.#users > 0) return;
    try {
      await this.#change((pulled) => this.#unused(pulled));
    } catch (error) {
      this.options.log.warn('images that nothing uses could not be removed; tried again after the next change', {
        error,
      });
    }
  }

  /** Once the pull has ended: what one was cut short of may have come from somebody else since, and is theirs. */
  #note(image: string, id: string): Promise<void> {
    return this.#change(async (pulled) => [
      ...pulled.filter((each) => each.image !== image || each.id !== id),
      { image, id },
    ]);
  }

  /** Removes what can go. @returns what is still here */
  async #unused(pulled: Pulled): Promise<Pulled> {
    if (pulled.length === 0) return pulled;
    const { engine, folders, log } = this.options;
    const containers = await engine.call((client) => client.listContainers({ all: true }));
    const needed = new Set([...containers.map(({ ImageID }) => ImageID), ...(await folders.images())]);
    const kept: Pulled = [];
    for (const each of pulled) {
      const found = await engine.found((client) => client.getImage(each.id).inspect());
      if (found === undefined) continue;
      const { RepoTags, RepoDigests } = inspection.parse(found);
      const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])];
      if (needed.has(each.id) || this.#users > 0) kept.push(each);
      // Its tag may have moved on, or somebody may have given it another name since.
      else if (names.map(familiarName).includes(familiarName(each.image))) {
        if (!(await this.#remove(each.image))) kept.push(each);
      } else if ((RepoTags ?? []).length === 0) {
        if (!(await this.#remove(each.id))) kept.push(each);
      } else log.debug('an image is left to whoever has named it', { image: each.image, names });
    }
    return kept;
  }

  /**
   * Without force: what is used after all stays, and so does what others know by another name.
   * @returns whether it is gone
   */
  async #remove(name: string): Promise<boolean> {
    const { engine, log } = this.options;
    try {
      await engine.found((client) => client.getImage(name).remove());
      log.info('an image that nothing uses any more was removed', { image: name });
      return true;
    } catch (error) {
      log.warn('an image that nothing uses could not be removed; tried again', { image: name, error });
      return false;
    }
  }

  /** One change after the other, so that none is lost. */
  #change(work: (pulled: Pulled) => Promise<Pulled>): Promise<void> {
    const change = this.#changed.then(async () => {
      const before = await this.#read();
      const after = await work(before);
      if (after.length === 0) await rm(this.#file, { force: true });
      else if (JSON.stringify(after) !== JSON.stringify(before)) {
        await replaceFile(this.#file, `${JSON.stringify(after)}\n`, 0o600);
      }
    });
    this.#changed = change.catch(() => undefined);
    return change;
  }

  async #read(): Promise<Pulled> {
    const content = await readIfThere(this.#file);
    if (content === undefined) return [];
    try {
      return Pulled.parse(JSON.parse(content));
    } catch (error) {
      // Nobody knows any more what was pulled by whom: all of it stays.
      this.options.log.warn('the list of pulled images cannot be read', { file: this.#file, error });
      return [];
    }
  }
}
