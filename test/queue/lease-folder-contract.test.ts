import { join } from 'node:path';
import { leaseFolder } from '../../src/files/lease-folder.js';
import { temporaryFolder } from '../files/processes.js';
import { describeWorkSource } from './work-source-contract.js';

const root = temporaryFolder();
let folders = 0;

describeWorkSource(() => {
  const path = join(root, String(++folders));
  return () => leaseFolder(path);
});
