import { constants } from 'node:fs';
import { access, mkdir, open, stat, statfs } from 'node:fs/promises';
import { arch, availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  type ActualApplication,
  type ActualComponent,
  type ApplyCall,
  type Context,
  capabilitiesOf,
  componentDigest,
  type DesiredApplication,
  type Lifecycle,
  LinkedAbortController,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
  Turns,
  type z,
} from 'tutti/plugin';
import { type ComponentRecord, component, declares, recordOf, type settings } from './component.ts';
import { ComponentFolder, readIfThere } from './folder.ts';
import { endLeftover, type Run, runScript } from './run-script.ts';

const mebibyte = 1024 * 1024;
/** Bytes of a log that a new run is still added to; a longer one begins anew. */
const logLimit = mebibyte;

/**
 * Components that scripts of this machine take care of. What is true is what the scripts say and what lies on disk;
 * nothing is remembered but what is being done now.
 */
export class ScriptTarget implements TargetProvider, Lifecycle {
  readonly #on: Context<z.output<typeof settings>, Record<never, never>>;
  readonly #root: string;
  readonly #scripts: string;
  readonly #turns = new Turns();
  readonly #stopped = new AbortController();

  constructor(on: Context<z.output<typeof settings>, Record<never, never>>) {
    this.#on = on;
    this.#root = join(on.dataDir, 'script');
    this.#scripts = on.resolvePath(on.config.scripts);
  }

  async start(signal: AbortSignal): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    const folders = await ComponentFolder.all(this.#root);
    await Promise.all(folders.map((folder) => endLeftover(folder, this.#on.clock, signal)));
  }

  /** Ends the scripts that run, not what they have made run. */
  async stop(): Promise<void> {
    this.#stopped.abort(new TargetFault('platform', 'the target has stopped', true));
    await this.#turns.idle();
  }

  async describe(): Promise<TargetCapabilities> {
    const { blocks, bsize } = await statfs(this.#on.dataDir);
    return capabilitiesOf(declares, {
      runtimes: ['custom'],
      facts: {
        cpus: [{ cores: availableParallelism(), architecture: arch() === 'x64' ? 'amd64' : arch() }],
        memory: `${Math.floor(totalmem() / mebibyte)}Mi`,
        storage: `${Math.floor((blocks * bsize) / mebibyte)}Mi`,
      },
      parallel: this.#on.config.parallel,
    });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const applications = new Map<string, ActualApplication & { readonly components: ActualComponent[] }>();
    for (const folder of await ComponentFolder.all(this.#root)) {
      const record = await folder.read();
      if (!record) continue;
      const { id } = record.application;
      const known = applications.get(id) ?? { ...record.application, components: [] };
      known.components.push(await this.#look(folder, record, this.#stopped.signal));
      applications.set(id, known);
    }
    return [...applications.values()];
  }

  async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const desired = application.components.find((candidate) => candidate.name === name);
    if (!desired) throw new TargetFault('invalid', `${application.id} has no component ${name}`, false);
    const record = recordOf(application, desired);
    const applied = componentDigest(desired, component.changes);
    await this.#inTurn(application.id, name, call, async (folder, signal) => {
      await this.#script(record);
      const present = await folder.read();
      const isSo = present?.applied === applied && (await this.#status(folder, present, signal)).phase === 'running';
      if (isSo) return;
      // From here on it is known that the script may have done something, whatever becomes of this process.
      await folder.write(record);
      call.progress(`${record.script} applies revision ${desired.revision}`);
      try {
        await this.#do({ verb: 'apply', record, folder, signal, milliseconds: desired.timeout }, 'start');
        const { phase, reason } = await this.#status(folder, record, signal);
        if (desired.wait && phase !== 'running') {
          throw new TargetFault('start', `${record.script} applied it, but it is ${phase}: ${reason}`, true);
        }
      } catch (error) {
        if (error instanceof TargetFault) await folder.write({ ...record, failure: error.message });
        throw error;
      }
      await folder.write({ ...record, applied });
    });
  }

  async remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall): Promise<void> {
    await this.#inTurn(application.id, name, call, async (folder, signal) => {
      const record = await folder.read();
      if (record) {
        call.progress(`${record.script} removes it`);
        const milliseconds = this.#on.config.removeSeconds * 1000;
        await this.#do({ verb: 'remove', record, folder, purge, signal, milliseconds }, 'platform');
      }
      await folder.remove(purge);
    });
  }

  /** Scripts tell nothing by themselves: they are asked from time to time. */
  async *watch(signal: AbortSignal): AsyncGenerator<string> {
    const end = new LinkedAbortController(signal, this.#stopped.signal);
    try {
      yield* this.#changes(end.signal);
    } finally {
      end.unlink();
    }
  }

  async *#changes(ended: AbortSignal): AsyncGenerator<string> {
    let seen = new Map<string, string>();
    while (!ended.aborted) {
      const changed = new Set<string>();
      const now = new Map<string, string>();
      for (const { id, components } of await this.actual()) {
        for (const { name, phase } of components) {
          const key = JSON.stringify([id, name]);
          if ((seen.get(key) ?? 'running') !== phase) changed.add(id);
          now.set(key, phase);
        }
      }
      seen = now;
      yield* changed;
      // An abort ends the wait, and then the loop.
      await this.#on.clock.delay(this.#on.config.lookSeconds * 1000, ended).catch(() => undefined);
    }
  }

  async logs(applicationId: string, name: string, lines: number): Promise<readonly string[]> {
    const text = (await readIfThere(ComponentFolder.of(this.#root, applicationId, name).output)) ?? '';
    return lines > 0 ? text.split('\n').slice(0, -1).slice(-lines) : [];
  }

  /** How a component is; one that is being worked on is not asked. */
  async #look(folder: ComponentFolder, record: ComponentRecord, signal: AbortSignal): Promise<ActualComponent> {
    const { name, applied, failure } = record;
    if (this.#turns.has(folder.path)) return { name, phase: 'installing' };
    if (failure !== undefined) return { name, phase: 'failed', reason: failure };
    if (applied === undefined) return { name, phase: 'installing', reason: 'its script was cut off' };
    return { ...(await this.#status(folder, record, signal)), applied };
  }

  /** Exit codes as those of init scripts (LSB): 0 it runs, 3 it does not. */
  async #status(folder: ComponentFolder, record: ComponentRecord, signal: AbortSignal): Promise<ActualComponent> {
    const { name } = record;
    try {
      const milliseconds = this.#on.config.statusSeconds * 1000;
      const run: Run = { file: await this.#script(record), verb: 'status', record, folder, signal, milliseconds };
      const { code, said } = await runScript(run, this.#on.clock);
      if (code === 0) return { name, phase: 'running' };
      return { name, phase: code === 3 ? 'stopped' : 'failed', reason: said || `its status is ${code}` };
    } catch (error) {
      signal.throwIfAborted();
      return { name, phase: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async #do(run: Omit<Run, 'file'>, fault: 'start' | 'platform'): Promise<void> {
    const { record, folder, verb } = run;
    const file = await this.#script(record);
    await this.#shorten(folder);
    const { code } = await runScript({ ...run, file }, this.#on.clock);
    if (code === 0) return;
    const [last] = await this.logs(record.application.id, record.name, 1);
    const words = last === undefined ? '' : `: ${last.slice(0, 300)}`;
    throw new TargetFault(fault, `${record.script} ${verb} ended with ${code}${words}`, true);
  }

  /** @throws TargetFault `artifact` when the machine has no such script; it may be put there later */
  async #script({ script }: ComponentRecord): Promise<string> {
    const file = join(this.#scripts, script);
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
      throw new Error(`${file} is no file`);
    } catch (cause) {
      throw new TargetFault('artifact', `this machine has no script ${script} that may be run`, true, { cause });
    }
  }

  async #shorten({ output }: ComponentFolder): Promise<void> {
    const log = await open(output, 'a', 0o600);
    try {
      if ((await log.stat()).size > logLimit) await log.truncate();
    } finally {
      await log.close();
    }
  }

  /** One call after the other for each component; faults and aborts are all that comes out. */
  async #inTurn(
    applicationId: string,
    name: string,
    call: ApplyCall,
    work: (folder: ComponentFolder, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const end = new LinkedAbortController(call.signal, this.#stopped.signal);
    const { signal } = end;
    const folder = ComponentFolder.of(this.#root, applicationId, name);
    try {
      await this.#turns.take(folder.path, () => work(folder, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TargetFault) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new TargetFault('platform', message, true, { cause: error });
    } finally {
      end.unlink();
    }
  }
}
