/** @file The script of a process that runs trials of `primer-search`. */
import { runPrimerArm, serveArms } from '../src/entries/experiments.js';

serveArms(runPrimerArm);
