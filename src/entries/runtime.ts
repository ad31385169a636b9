export { DEVICES, type Device, type DeviceName, listDevices, resolveDevice } from '../runtime/devices.js';
export { EngineError } from '../runtime/engine-error.js';
export { type NamedTensors, openSession, type Session, type SessionOptions } from '../runtime/session.js';
