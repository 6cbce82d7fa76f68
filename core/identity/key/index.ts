export { isSignatureAlgorithm, type SignatureAlgorithm, signatureAlgorithms } from './algorithm.js';
export { KeyFault } from './key-kind.js';
export { readPrivateKey, SigningKey } from './signing-key.js';
export { VerificationKey } from './verification-key.js';
