/** @file The script of a process that runs arms of `never-seen`. */
import { serveArms } from '../arm-worker.js';
import { runNeverSeenArm } from './never-seen-arm-run.js';

serveArms(runNeverSeenArm);
