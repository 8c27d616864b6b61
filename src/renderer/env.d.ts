/// <reference types="vite/client" />
import type { VigiaApi } from '@shared/ipc/contract';

declare global {
  interface Window {
    readonly vigia: VigiaApi;
  }
}
