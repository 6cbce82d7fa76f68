import type { Evidence } from '../../operation/access.js';
import { isSignatureAlgorithm, type SignatureAlgorithm, type VerificationKey } from '../key/index.js';
import { signatureBase } from './base.js';
import { canonicalSignature } from './canonical.js';
import type { CoveredComponents } from './component.js';
import { verifyContentDigest } from './content-digest.js';
import { SignatureFault } from './fault.js';
import type { StructuredFieldTypes } from './field.js';
import { componentText, type KnownComponents, type ParsedSignature, parseSignature } from './parse.js';
import { splitTargetUri } from './target-uri.js';

/** What is asked of a signature beside being right. */
export interface SignaturePolicy {
  /** The signature to take; unless given, a request must have exactly one. */
  readonly label?: string;
  /** Seconds after `created` for which a signature counts; 300 unless told. */
  readonly maxAge?: number;
  /** Seconds that `created` may be ahead of our clock; 60 unless told. */
  readonly futureSkew?: number;
  /** Structured fields beside the registered ones, for components with `sf`. */
  readonly fieldTypes?: StructuredFieldTypes;
}

/** A signature that is right, covers enough and is fresh. */
export interface VerifiedSignature {
  readonly label: string;
  readonly keyid: string | undefined;
  readonly algorithm: SignatureAlgorithm;
  /** Unix seconds. */
  readonly created: number;
  /** The last millisecond since the epoch at which the same signature is accepted. */
  readonly acceptableUntil: number;
  /** The bytes to know it by again: one form for all equivalent forms of an ECDSA signature. */
  canonicalBytes(): Uint8Array;
}

/** How many component lists are remembered; clients of one make share one. */
const remembered = 64;

/**
 * Verifies requests under one policy. Remembers the component lists of signatures that were right, so that a client's
 * next request is parsed cheaply and nobody without a key can fill the memory.
 */
export class SignatureVerifier {
  readonly #known = new Map<string, CoveredComponents>();

  /** @param now milliseconds since the epoch */
  constructor(
    private readonly policy: SignaturePolicy,
    private readonly now: () => number,
  ) {}

  /**
   * Reads the signature and checks all that needs no key, so that a hopeless request costs no look-up.
   *
   * @throws SignatureFault
   */
  parse(evidence: Evidence): ParsedSignature {
    return parseAndCheck(evidence, this.policy, this.now(), this.#known);
  }

  /**
   * @param parsed what {@link parse} gave for the same evidence
   * @throws SignatureFault
   */
  verify(evidence: Evidence, key: VerificationKey, parsed: ParsedSignature = this.parse(evidence)): VerifiedSignature {
    const verified = verifyParsed(evidence, key, this.policy, parsed);
    this.#remember(evidence.headers['signature-input'], parsed.covered, parsed.label);
    return verified;
  }

  #remember(input: string | undefined, covered: CoveredComponents, label: string): void {
    const text = input === undefined ? undefined : componentText(input);
    if (text === undefined || this.#known.has(text) || text !== `${label}=${covered.text}`) return;
    const oldest = this.#known.keys().next().value;
    if (this.#known.size >= remembered && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(text, covered);
  }
}

/**
 * Verifies one request (RFC 9421 section 3.2). Synchronous.
 *
 * @param now milliseconds since the epoch
 * @throws SignatureFault
 */
export function verifySignature(
  evidence: Evidence,
  key: VerificationKey,
  policy: SignaturePolicy,
  now: number,
): VerifiedSignature {
  return verifyParsed(evidence, key, policy, parseAndCheck(evidence, policy, now));
}

function parseAndCheck(
  evidence: Evidence,
  policy: SignaturePolicy,
  now: number,
  known?: KnownComponents,
): ParsedSignature {
  const parsed = parseSignature(evidence, policy.label, known);
  checkTimes(parsed, policy, now);
  checkBody(evidence, parsed.covered);
  checkCoverage(evidence, parsed.covered);
  return parsed;
}

function verifyParsed(
  evidence: Evidence,
  key: VerificationKey,
  policy: SignaturePolicy,
  parsed: ParsedSignature,
): VerifiedSignature {
  const { signature, keyid, label } = parsed;
  const wanted = chosenAlgorithm(parsed.alg, key);
  const base = signatureBase(evidence, parsed.covered, parsed.parameters, policy.fieldTypes);
  const algorithm = key.verify(Buffer.from(base, 'latin1'), signature, wanted);
  if (algorithm === undefined) {
    throw new SignatureFault('wrong-signature', `the signature "${label}" does not match the request and the key`);
  }
  const created = createdOf(parsed);
  const until = Math.min(created + (policy.maxAge ?? 300), parsed.expires ?? Number.POSITIVE_INFINITY);
  return {
    label,
    keyid,
    algorithm,
    created,
    acceptableUntil: until * 1000,
    canonicalBytes: () => canonicalSignature(algorithm, signature),
  };
}

function createdOf({ created }: ParsedSignature): number {
  if (created === undefined) throw new SignatureFault('malformed', 'Signature-Input has no "created"');
  return created;
}

function checkTimes(parsed: ParsedSignature, policy: SignaturePolicy, now: number): void {
  const created = createdOf(parsed);
  const age = now / 1000 - created;
  const { maxAge = 300, futureSkew = 60 } = policy;
  if (age > maxAge) {
    throw new SignatureFault('stale', `the signature is ${Math.floor(age)} s old; at most ${maxAge} s are accepted`);
  }
  if (-age > futureSkew) {
    throw new SignatureFault('future', `"created" is ${Math.ceil(-age)} s ahead of the clock here; check the clocks`);
  }
  if (parsed.expires !== undefined && now / 1000 > parsed.expires) {
    throw new SignatureFault('stale', 'the signature has expired');
  }
}

/** The signature protects the digest, the digest the body; without both the body could be anybody's. */
function checkBody(evidence: Evidence, covered: CoveredComponents): void {
  const { body } = evidence;
  const hasBody = body !== undefined && body.length > 0;
  if (!hasBody && !covered.covers('content-digest')) return;
  verifyContentDigest(evidence.headers['content-digest'], body ?? new Uint8Array());
  if (!covered.covers('content-digest')) {
    throw new SignatureFault(
      'not-covered',
      'the signature does not cover "content-digest", and the request has a body',
    );
  }
}

function checkCoverage(evidence: Evidence, covered: CoveredComponents): void {
  if (!covered.covers('@method')) throw new SignatureFault('not-covered', 'the signature does not cover "@method"');
  if (covered.covers('@target-uri')) return;
  if (!covered.covers('@authority') || !covered.covers('@path')) {
    throw new SignatureFault('not-covered', 'the signature covers neither "@target-uri" nor "@authority" and "@path"');
  }
  if (!covered.covers('@query') && splitTargetUri(evidence.targetUri).hasQuery) {
    throw new SignatureFault('not-covered', 'the signature does not cover "@query", and the request has a query');
  }
}

function chosenAlgorithm(alg: string | undefined, key: VerificationKey): SignatureAlgorithm | undefined {
  if (alg === undefined) return undefined;
  if (!isSignatureAlgorithm(alg)) throw new SignatureFault('unsupported', `the algorithm "${alg}" is not supported`);
  if (!key.algorithms.includes(alg)) {
    throw new SignatureFault('unsupported', `the algorithm "${alg}" does not fit a key of kind ${key.kind}`);
  }
  return alg;
}
