import type { OwnedObject, Release } from './driver.js';
import { topOf } from './workloads.js';

/** What is known of objects by their uid: enough to tell whose a pod is. Nothing of what is in them is kept. */
export class Kinship {
  readonly #known = new Map<string | undefined, OwnedObject>();

  /** All that there is of a kind now. */
  replace(kind: string, objects: readonly OwnedObject[]): void {
    for (const [uid, known] of this.#known) if (known.kind === kind) this.#known.delete(uid);
    for (const object of objects) this.add(object);
  }

  add({ apiVersion, kind, metadata }: OwnedObject): void {
    const { name, namespace, uid, labels, annotations, ownerReferences } = metadata;
    const kept = {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    };
    this.#known.set(uid, { apiVersion, kind, metadata: { ...kept, ...(uid !== undefined && { uid }) } });
  }

  delete({ metadata }: OwnedObject): void {
    this.#known.delete(metadata.uid);
  }

  /** Ids of the applications that an object is of. */
  applicationsOf(object: OwnedObject, releases: readonly Release[]): string[] {
    const top = topOf(object, this.#known);
    return releases.filter((release) => release.owns(top)).map(({ application }) => application.id);
  }
}
