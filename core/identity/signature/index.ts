export { type SignedMessage, signatureBase } from './base.js';
export { type Component, CoveredComponents, components } from './component.js';
export { contentDigest, verifyContentDigest } from './content-digest.js';
export { SignatureFault, type SignatureFaultReason } from './fault.js';
export type { StructuredFieldTypes } from './field.js';
export { type ParsedSignature, parseSignature } from './parse.js';
export { ReplayGuard, signatureReplays } from './replay-guard.js';
export { type RequestToSign, type SignOptions, signRequest } from './sign.js';
export { type SignaturePolicy, SignatureVerifier, type VerifiedSignature, verifySignature } from './verify.js';
