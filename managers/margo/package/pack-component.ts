import type { ArtifactToPush } from '../../../core/ports/index.js';

export interface ComponentToPack {
  /** `compose`: a directory with `compose.yaml`; `process`: one with `component.yaml`. */
  readonly type: 'compose' | 'process';
  /** SemVer without `v`: the component's revision, and its tag with `_` for `+`. */
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  readonly authors?: string;
}

export interface PackedComponent {
  readonly artifact: ArtifactToPush;
  readonly tag: string;
}

/** Makes a component's directory an OCI artifact with one layer (section 6.3). @throws PackFault */
export async function packComponent(_directory: string, _component: ComponentToPack): Promise<PackedComponent> {
  throw new Error('not written yet');
}
