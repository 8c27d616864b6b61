import type { SafeStorage } from 'electron';
import type { Vault } from './ownChannels';

/** The system's keyring. On Linux without one, Electron only scrambles: that does not count. */
export function electronVault(storage: SafeStorage): Vault {
  const scrambles = (): boolean =>
    process.platform === 'linux' && storage.getSelectedStorageBackend() === 'basic_text';
  return {
    available: () => storage.isEncryptionAvailable() && !scrambles(),
    encrypt: (text) => storage.encryptString(text),
    decrypt: (bytes) => storage.decryptString(bytes),
  };
}
