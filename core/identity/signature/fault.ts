/**
 * - `missing`: the request carries no signature.
 * - `malformed`: a header or a parameter cannot be read, or a covered component cannot be built.
 * - `not-covered`: the signature leaves out a part that it must protect.
 * - `stale`, `future`: made too long ago (or expired), or too far ahead of our clock.
 * - `digest-missing`: the body has no digest that can be checked (RFC 9530).
 * - `digest-mismatch`: the body is not the one that was digested.
 * - `wrong-signature`: the key did not make this signature over this request.
 * - `unsupported`: an algorithm or a component that is not known here, or does not fit the key.
 */
export type SignatureFaultReason =
  | 'missing'
  | 'malformed'
  | 'not-covered'
  | 'stale'
  | 'future'
  | 'digest-missing'
  | 'digest-mismatch'
  | 'wrong-signature'
  | 'unsupported';

/** Why a request's signature is not accepted. The message is fit for the caller. */
export class SignatureFault extends Error {
  override readonly name = 'SignatureFault';
  constructor(
    readonly reason: SignatureFaultReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
