import { readFile } from 'node:fs/promises';
import { type Pack, pack } from 'tar-stream';
import { tool } from './tools.js';

const applets = [
  'sh',
  'sleep',
  'cat',
  'echo',
  'env',
  'httpd',
  'kill',
  'ls',
  'mkdir',
  'nc',
  'rm',
  'test',
  'touch',
  'wget',
];

/**
 * The one layer (tar) of an image made from nothing: busybox and the given files.
 *
 * @param files absolute path to content; executable when it starts with `#!`
 */
export async function busyboxLayer(files: Readonly<Record<string, string>>): Promise<Pack> {
  const layer = pack();
  layer.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(tool('busybox')));
  for (const applet of applets) layer.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  layer.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  for (const [path, content] of Object.entries(files)) {
    layer.entry({ name: path.replace(/^\//, ''), mode: content.startsWith('#!') ? 0o755 : 0o644 }, content);
  }
  layer.finalize();
  return layer;
}
