import type { FuseV1Options } from '@electron/fuses';

/**
 * The fuses of what ships, by their name in @electron/fuses. `Required` by type: a fuse that a new
 * Electron brings does not compile until somebody has decided on it.
 */
export const FUSES: Readonly<Record<keyof typeof FuseV1Options, boolean>> = {
  /** ELECTRON_RUN_AS_NODE would make the signed program run any script. */
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  /** Checked by Electron on macOS and Windows; Linux has no such check yet. */
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  /** Pages come by the program's own protocol; a `file:` page gets nothing. */
  GrantFileProtocolExtraPrivileges: false,
  /** As Electron has it: without them WebAssembly is only slower. */
  WasmTrapHandlers: true,
};
