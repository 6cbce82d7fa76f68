import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './tools.js';

/** Runs `apt-get` with package lists of its own. */
export type Archive = (...args: readonly string[]) => Promise<string>;

/**
 * One suite of the machine's own Debian archive, with its lists in `directory`: the machine's are not touched. What is
 * downloaded lands in `directory` too.
 */
export async function openArchive(kind: 'deb' | 'deb-src', suite: string, directory: string): Promise<Archive> {
  const list = join(directory, 'sources.list');
  writeFileSync(list, `${kind} [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror()} ${suite} main\n`);
  mkdirSync(join(directory, 'lists/partial'), { recursive: true });
  mkdirSync(join(directory, 'cache/archives/partial'), { recursive: true });
  const options = [
    ['Dir::Etc::SourceList', list],
    ['Dir::Etc::SourceParts', '-'],
    ['Dir::State::Lists', join(directory, 'lists')],
    ['Dir::Cache', join(directory, 'cache')],
    ['Acquire::Retries', '3'],
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const archive: Archive = (...args) => must('apt-get', [...options, '-q', ...args], { cwd: directory });
  await archive('update');
  return archive;
}

/** The machine's own Debian archive: the first source that is not the security one. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ].filter((file) => /\.(list|sources)$/.test(file) && existsSync(file));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const uri = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1];
    if (uri !== undefined) return uri;
  }
  throw new Error(`none of ${files.join(', ')} names a Debian archive`);
}
