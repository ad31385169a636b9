export { DEVICES, type Device, type DeviceName, listDevices, resolveDevice } from '../runtime/devices.js';
export { EngineError } from '../runtime/engine-error.js';
export type { NamedTensors, Session } from '../runtime/running-session.js';
export { openSession, type SessionOptions } from '../runtime/session.js';
