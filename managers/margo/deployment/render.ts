import type { SignedForm } from '../forms.js';
import type { Deployment } from './deployment.js';

/** The YAML that a device gets, byte for byte the same for equal deployments. */
export function renderDeployment(_deployment: Deployment, _form: SignedForm): Uint8Array {
  throw new Error('not written yet');
}
