export { type Certificate, checkValidity, parseCertificate, parseCertificates } from './certificate.js';
export { type ChainOptions, type ChainVerdict, verifyChain } from './chain.js';
export { CertificateFault } from './fault.js';
export {
  type CertificateAuthority,
  createAuthority,
  issueDeviceCertificate,
  issueServerCertificate,
  selfSignedDeviceCertificate,
} from './issue.js';
export { codeSigningFault } from './purpose.js';
