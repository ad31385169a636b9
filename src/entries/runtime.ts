export type { SessionOptions } from '../runtime/backend.js';
export { DEVICES, type Device, type DeviceName, listDevices, resolveDevice } from '../runtime/devices.js';
export { EngineError } from '../runtime/engine-error.js';
export type { NamedTensors, Session } from '../runtime/running-session.js';
export { openSession } from '../runtime/session.js';
