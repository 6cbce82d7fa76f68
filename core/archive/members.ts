import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ArchiveFault } from './fault.js';
import { ancestors, safePath } from './path.js';

export interface UnpackLimits {
  /** Unpacked bytes of all files together. */
  readonly bytes: number;
  /** Files, directories and links together. */
  readonly entries: number;
  readonly signal?: AbortSignal;
}

export type Member =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: AsyncIterable<Uint8Array> }
  | { readonly kind: 'directory'; readonly path: string }
  /** `target` as written: relative to the link for a symlink, to the root for a hard link. */
  | { readonly kind: 'symlink' | 'hardlink'; readonly path: string; readonly target: string };

/**
 * The members of a tar.gz in archive order, each already checked: its path is safe, comes once, and has no file or link
 * above it. A file's content must be read before the next member is asked for.
 *
 * @throws ArchiveFault; what `archive` itself throws and an abort's reason pass unchanged
 */
export async function* members(archive: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<Member> {
  const seen = new Seen(limits.entries);
  const tar = extract();
  const source = new Watched(archive);
  const options = limits.signal ? { signal: limits.signal } : {};
  const feeding = pipeline(Readable.from(source), createGunzip(), tarBudget(limits), tar, options).catch(
    // Kept for the end: the reading side below fails with the same error, or made this one by leaving early.
    (error: unknown) => error,
  );
  const fault = (error: unknown): unknown => {
    if (limits.signal?.aborted) return limits.signal.reason;
    if (source.failed) return source.failed.error;
    if (error instanceof ArchiveFault) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new ArchiveFault('corrupt', `not a readable tar.gz: ${why}`, { cause: error });
  };
  async function* content(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of entry) yield chunk as Uint8Array;
    } catch (error) {
      // An entry that breaks off only says that it was destroyed; why is what the feeding side knows.
      throw fault((await feeding) ?? error);
    }
  }
  try {
    for await (const entry of tar) {
      const { header } = entry;
      const type = header.type ?? 'unknown';
      const path = safePath(header.name);
      if (path === '' && type === 'directory') {
        entry.resume();
        continue;
      }
      if (type === 'file' || type === 'contiguous-file') {
        seen.add(path, 'leaf');
        yield { kind: 'file', path, mode: header.mode ?? 0o644, content: content(entry) };
      } else if (type === 'directory') {
        seen.add(path, 'directory');
        yield { kind: 'directory', path };
      } else if (type === 'symlink' || type === 'link') {
        seen.add(path, 'leaf');
        yield { kind: type === 'link' ? 'hardlink' : 'symlink', path, target: header.linkname ?? '' };
      } else throw new ArchiveFault('unsafe', `${path} is a ${type}, which archives must not hold`);
      // A no-op for a file that was read; the others have no content, whatever their header says.
      entry.resume();
    }
    const failed = await feeding;
    if (failed !== undefined) throw failed;
  } catch (error) {
    throw fault(error);
  } finally {
    tar.destroy();
    await feeding;
  }
}

/** Remembers whether it was the source that failed, so that its error is not taken for a damaged archive. */
class Watched implements AsyncIterable<Uint8Array> {
  failed: { readonly error: unknown } | undefined;
  constructor(private readonly source: AsyncIterable<Uint8Array>) {}
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.source;
    } catch (error) {
      this.failed = { error };
      throw error;
    }
  }
}

/** Stops a bomb while it unpacks: counts the tar itself, so that huge headers count as well. */
function tarBudget(limits: UnpackLimits): Transform {
  // Each member may take a header, an extended header of its own and padding; the end has two empty blocks.
  let left = limits.bytes + limits.entries * 4 * 512 + 10_240;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left < 0) done(new ArchiveFault('too-large', `unpacks to more than ${limits.bytes} bytes`));
      else done(null, chunk);
    },
  });
}

class Seen {
  private readonly paths = new Map<string, 'leaf' | 'directory' | 'implied'>();
  private count = 0;
  constructor(private readonly limit: number) {}

  add(path: string, as: 'leaf' | 'directory'): void {
    if (path === '') throw new ArchiveFault('unsafe', 'a member without a name');
    this.count += 1;
    if (this.count > this.limit) throw new ArchiveFault('too-large', `holds more than ${this.limit} members`);
    const before = this.paths.get(path);
    if (before !== undefined && !(before === 'implied' && as === 'directory'))
      throw new ArchiveFault('unsafe', `${path} comes twice`);
    for (const above of ancestors(path)) {
      // A member below a link would be written to wherever the link points.
      if (this.paths.get(above) === 'leaf')
        throw new ArchiveFault('unsafe', `${path} is below ${above}, which is no directory`);
      if (!this.paths.has(above)) this.paths.set(above, 'implied');
    }
    this.paths.set(path, as);
  }
}
