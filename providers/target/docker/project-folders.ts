import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, readIfThere, replaceFile } from '../../../core/files/index.js';
import { type ActualComponent, type Logger, z } from '../../../core/plugin/index.js';
import { endOrphan } from '../../shared/program/index.js';
import { Revisions } from './revision.js';

/** Whose a project's folder is. */
const ProjectNote = z.strictObject({
  format: z.literal(1),
  application: z.strictObject({ id: z.string(), name: z.string() }),
  component: z.string(),
  /** The component's digest, once it had been started: tells one that lost its containers from one never installed. */
  applied: z.string().optional(),
});
type ProjectNote = z.output<typeof ProjectNote>;

export interface ProjectFolder extends ProjectNote {
  readonly project: string;
}

const noteName = 'application.json';
const pidSuffix = '.pid';

/**
 * The folders of projects: the engine knows nothing of an installation that has made no container yet, nor of a removal
 * that has made all of them go. A folder's note is therefore its first file to come and its last to go, and a folder
 * without one holds nothing that anybody needs.
 */
export class ProjectFolders {
  constructor(
    private readonly root: string,
    private readonly log: Logger,
  ) {}

  of(project: string): string {
    return join(this.root, project);
  }

  /** Where the compose program that works on a project is noted. */
  processNote(project: string): string {
    return join(this.root, `${project}${pidSuffix}`);
  }

  /** Makes a project's folder, and its note before anything else in it. */
  async begin(project: string, application: ProjectNote['application'], component: string): Promise<void> {
    await mkdir(this.of(project), { recursive: true, mode: 0o700 });
    const before = await this.#read(project);
    await this.#write(project, { ...before, format: 1, application, component });
  }

  /** Notes that a project was started. */
  async applied(project: string, digest: string): Promise<void> {
    const note = await this.#read(project);
    if (note && note.applied !== digest) await this.#write(project, { ...note, applied: digest });
  }

  /** The digest of what was last started well. */
  async lastGood(project: string): Promise<string | undefined> {
    return (await this.#read(project))?.applied;
  }

  revisions(project: string): Revisions {
    return new Revisions(project, this.of(project), this.log);
  }

  /** Ids of the images that any project's revisions need. */
  async images(): Promise<Set<string>> {
    const all = await Promise.all((await this.#projects()).map((project) => this.revisions(project).images()));
    return new Set(all.flat());
  }

  /** Deletes a project's folder, its note last. */
  async delete(project: string): Promise<void> {
    const folder = this.of(project);
    for (const name of await entries(folder)) {
      if (name !== noteName) await rm(join(folder, name), { recursive: true, force: true });
    }
    await rm(join(folder, noteName), { force: true });
    await rmdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  }

  /** All that have a note. */
  async list(): Promise<ProjectFolder[]> {
    const found: ProjectFolder[] = [];
    for (const project of await this.#projects()) {
      const note = await this.#read(project);
      if (note) found.push({ ...note, project });
    }
    return found;
  }

  /**
   * To be called before anything is worked on: ends compose programs that an agent which was killed left running, and
   * deletes folders that it had only just begun or all but deleted.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    for (const name of await entries(this.root)) {
      if (!name.endsWith(pidSuffix)) continue;
      await endOrphan(join(this.root, name), name.slice(0, -pidSuffix.length), signal);
    }
    for (const project of await this.#projects()) {
      if ((await readIfThere(join(this.of(project), noteName))) === undefined) await this.delete(project);
    }
  }

  /** Names of projects begin with a letter or digit: what begins with a dot is for as long as a call takes. */
  async #projects(): Promise<string[]> {
    const all = await readdir(this.root, { withFileTypes: true }).catch(noneIfAbsent);
    return all.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  }

  async #read(project: string): Promise<ProjectNote | undefined> {
    const file = join(this.of(project), noteName);
    const content = await readIfThere(file);
    if (content === undefined) return undefined;
    try {
      return ProjectNote.parse(JSON.parse(content));
    } catch (error) {
      // Damaged, or a newer version's: what it belongs to is known only while it has containers.
      this.log.warn('the note of a project cannot be read', { file, error });
      return undefined;
    }
  }

  async #write(project: string, note: ProjectNote): Promise<void> {
    await replaceFile(join(this.of(project), noteName), `${JSON.stringify(note)}\n`, 0o600);
  }
}

/** What a project without any container amounts to. Not `absent`: something of it is here, to be finished or removed. */
export function folderStatus({ component, applied }: ProjectFolder): ActualComponent {
  return applied === undefined
    ? { name: component, phase: 'installing', reason: 'its installation is not finished' }
    : { name: component, phase: 'stopped', applied, reason: 'it has no containers any more' };
}

const entries = (directory: string): Promise<string[]> => readdir(directory).catch(noneIfAbsent);

function noneIfAbsent(error: unknown): never[] {
  if (hasCode(error, 'ENOENT')) return [];
  throw error;
}
