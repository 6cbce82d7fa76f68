/** An archive is not what it should be; nothing of it was kept. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault';
  constructor(
    readonly reason: 'corrupt' | 'unsafe' | 'too-large',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
