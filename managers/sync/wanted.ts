import { type DeviceCapabilities, desiredApplication, findingText, readDeployment } from '../margo/index.js';
import { evaluate } from '../placement/index.js';
import type { Wanted } from '../reconcile/index.js';

/**
 * What a verified document asks of this device. The device is the final judge of its eligibility rules (section "Device
 * Constraints"), and one document that cannot be run never keeps the others from running.
 */
export function wantedFrom(deploymentId: string, bytes: Uint8Array, capabilities: DeviceCapabilities): Wanted {
  const { deployment, faults } = readDeployment(bytes);
  if (!deployment) {
    const text = faults.map((fault) => findingText(fault)).join('; ');
    return { id: deploymentId, name: deploymentId, components: [], refused: `the deployment cannot be read: ${text}` };
  }
  const names = deployment.profile.components.map(({ name }) => name);
  const refused = (reason: string): Wanted => ({
    id: deploymentId,
    name: deployment.name,
    components: names,
    refused: reason,
  });
  if (deployment.id !== deploymentId) return refused(`the document is of another deployment, ${deployment.id}`);
  const verdict = evaluate(deployment.profile.deviceConstraints, capabilities);
  return verdict.eligible
    ? { application: desiredApplication(deployment) }
    : refused(`not eligible: ${verdict.reasons.join('; ')}`);
}
