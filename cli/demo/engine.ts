import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { packTarGz } from '../../core/archive/index.js';

/** A Docker engine that answers, and what the demo does to it. */
export interface Engine {
  /** Makes the sample's image. */
  prepare(): Promise<void>;
  /** Removes it. */
  remove(): Promise<void>;
}

const repository = 'tutti-demo-hello';
const tag = '1.0.0';
const applets = ['mkdir', 'printf', 'httpd', 'wget', 'hostname'];

/** The engine of DOCKER_HOST, else of the usual socket; or why there is none to use. */
export async function findEngine(env: Readonly<Record<string, string | undefined>>): Promise<Engine | string> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker();
  const where = env['DOCKER_HOST'] ?? '/var/run/docker.sock';
  try {
    await docker.ping();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `no Docker engine answers at ${where} (${why}); start one, set DOCKER_HOST, or leave out --runtime docker`;
  }
  const busybox = await findBusybox(env['PATH'] ?? '');
  if (busybox === undefined) {
    return 'the image of the docker demo is made of a static busybox, and there is none on PATH (Debian: apt install busybox-static)';
  }
  return {
    prepare: async () => {
      const bytes = await readFile(busybox);
      // It looks at the name that it is called by; the copy is cheaper than links in an archive.
      const layer = await packTarGz([
        ...['busybox', 'sh'].map((name) => ({ path: `bin/${name}`, bytes, executable: true })),
        ...applets.map((name) => ({ path: `bin/${name}`, bytes: wrapper(name), executable: true })),
      ]);
      const changes = ['ENV PATH=/bin', 'CMD ["/bin/busybox","sh"]'];
      const progress = await docker.importImage(Readable.from([layer]), { repo: repository, tag, changes });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
      });
    },
    remove: async () => {
      try {
        await docker.getImage(`${repository}:${tag}`).remove({ force: true });
      } catch (error) {
        const absent = error instanceof Error && 'statusCode' in error && error.statusCode === 404;
        if (!absent) throw error;
      }
    },
  };
}

function wrapper(applet: string): Buffer {
  return Buffer.from(`#!/bin/sh\nexec /bin/busybox ${applet} "$@"\n`);
}

async function findBusybox(path: string): Promise<string | undefined> {
  for (const folder of [...path.split(delimiter), '/bin', '/usr/bin']) {
    const file = join(folder, 'busybox');
    try {
      await access(file);
      return file;
    } catch {
      // Not there; the next folder may have it.
    }
  }
  return undefined;
}
