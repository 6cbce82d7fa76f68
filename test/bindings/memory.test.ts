import { holds } from './holds.js';
import { memorySubjects } from './memory-binding.js';

holds('in memory', memorySubjects());
