import { releaseKey } from '../marks.js';

/** Most letters of a release's name (Helm). */
const mostName = 53;

/**
 * The Helm release of a component: the component's name as far as DNS takes it, for people, and a digest that makes it
 * its own among all applications and owners. The same for as long as the component lives.
 */
export function releaseName(owner: string, applicationId: string, component: string): string {
  const digest = releaseKey(owner, applicationId, component).slice(0, 12);
  const readable = component
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    // Charts put their own name behind it, and names of services end at 63.
    .slice(0, Math.min(30, mostName - digest.length - 1))
    .replace(/-+$/, '');
  return `${readable === '' ? 'app' : readable}-${digest}`;
}
