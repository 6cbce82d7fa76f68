/** What of a device's certificate it can be found by. */
export interface Named {
  /** SHA-256 of its DER, hex. */
  readonly fingerprint: string;
  /** Its common name. */
  readonly name: string;
  /** Why it may not be used; `undefined` when it may. */
  readonly refused: string | undefined;
}

/** Who owns a certificate, or a name: ids of devices, in memory. */
export class Owners {
  readonly #byFingerprint = new Map<string, string>();
  readonly #byName = new Map<string, Set<string>>();

  of(fingerprint: string): string | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  /** Those that may use their credentials. */
  named(name: string): readonly string[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  changed(id: string, now: Named | undefined, before: Named | undefined): void {
    if (before) this.#remove(id, before);
    if (!now) return;
    this.#byFingerprint.set(now.fingerprint, id);
    if (now.refused !== undefined) return;
    const ids = this.#byName.get(now.name) ?? new Set();
    this.#byName.set(now.name, ids.add(id));
  }

  #remove(id: string, { fingerprint, name }: Named): void {
    // The same certificate may have been onboarded anew, and be another device's already.
    if (this.#byFingerprint.get(fingerprint) === id) this.#byFingerprint.delete(fingerprint);
    const ids = this.#byName.get(name);
    if (ids?.delete(id) && ids.size === 0) this.#byName.delete(name);
  }
}
