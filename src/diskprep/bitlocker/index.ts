export { BitLockerError, type BitLockerErrorCode, isBitLockerError } from "./bitlocker-error.js";
export { type BitLockerMethod, bitLockerMethods } from "./encryption-method.js";
export { initialHashOfPassword, initialHashOfRecoveryKey, stretchKey } from "./key-stretching.js";
export {
  generateRecoveryPassword,
  parseRecoveryPassword,
  type RecoveryPassword,
  recoveryPasswordFromBytes,
} from "./recovery-password.js";
export { createSectorCipher, type SectorCipher } from "./sector-cipher.js";
