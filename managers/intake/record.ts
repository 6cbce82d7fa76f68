import { collection, printArtifactReference } from '../../core/ports/index.js';
import type { Notice } from './index.js';

/** What is still to be looked at. */
export const notices = collection<Notice>('intake-notices');

export const noticeKey = (notice: Notice): string => printArtifactReference(notice);
