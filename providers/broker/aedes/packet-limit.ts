/**
 * Follows the packets in a stream of bytes by their fixed headers (MQTT 3.1.1 section 2.2), and tells of one that is
 * too large as soon as its length has arrived, before the rest of it.
 */
export class PacketLimit {
  /** Bytes of the present packet that are still to come; `undefined` within its header. */
  #left: number | undefined;
  #length = 0;
  #digits = -1;

  constructor(private readonly limit: number) {}

  /** @returns whether all packets so far are within the limit */
  take(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left !== undefined) {
        const skipped = Math.min(this.#left, chunk.length - at);
        at += skipped;
        this.#left -= skipped;
        if (this.#left === 0) this.#next();
        continue;
      }
      this.#header(chunk[at] ?? 0);
      at += 1;
      if (this.#left !== undefined && this.#left > this.limit) return false;
      if (this.#left === 0) this.#next();
    }
    return true;
  }

  #header(byte: number): void {
    if (this.#digits === -1) {
      this.#digits = 0;
      return;
    }
    this.#length += (byte & 0x7f) * 128 ** this.#digits;
    this.#digits += 1;
    // Four digits at most: the parser refuses more.
    if ((byte & 0x80) === 0 || this.#digits === 4) this.#left = this.#length;
  }

  #next(): void {
    this.#left = undefined;
    this.#length = 0;
    this.#digits = -1;
  }
}
