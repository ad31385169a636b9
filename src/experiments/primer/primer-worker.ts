/** @file The script of a process that runs arms of the primer. */
import { serveArms } from '../arm-worker.js';
import { runPrimerArm } from './primer-arm-run.js';

serveArms(runPrimerArm);
