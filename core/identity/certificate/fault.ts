/** Why something is no usable certificate. The message is fit for the caller. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault';
  constructor(
    readonly reason: 'unreadable' | 'several' | 'not-yet-valid' | 'expired' | 'unsupported-key',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
