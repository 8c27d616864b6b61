import { z } from 'zod';
import { ACCELERATOR } from './hotkey/accelerator';
import { levelSchema } from './notify/message';

/** Every option of the terminal. What each does is said in the texts `setting.<name>`. */
export const settingsSchema = z.strictObject({
  language: z.enum(['es', 'en']),
  theme: z.enum(['dark', 'light']),
  accelerator: z.string().max(64).regex(ACCELERATOR, 'must be like Control+Shift+K'),
  /** 0 silent … 1 as loud as it goes. */
  soundVolume: z.number().min(0).max(1),
  panelCollapsed: z.boolean(),
  defaultReason: z.string().min(1).max(500),
  /** Minutes without a touch after which a terminal with a PIN locks; 0 never. */
  lockAfterMinutes: z.int().min(0).max(480),
  /** The least level of what is shown on this desktop. */
  desktopNotices: levelSchema.or(z.literal('off')),
  startAtLogin: z.boolean(),
  /** The first-start guide was gone through or skipped. */
  guideDone: z.boolean(),
  /** Address of the desk's update server; empty for none. Plain HTTP on this machine only. */
  updateServer: z
    .string()
    .max(512)
    .regex(
      /^(https:\/\/[^\s/?#@]+(\/[^\s?#]*)?|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/[^\s?#]*)?)?$/,
      'must be like https://updates.example/vigia/',
    ),
  /** Base64 of the 32 bytes of the Ed25519 key that updates are signed with; empty for none. */
  updateKey: z.string().regex(/^([A-Za-z0-9+/]{43}=)?$/, 'must be a public key in base64'),
});
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

export const SETTING_NAMES = Object.keys(settingsSchema.shape) as [SettingName, ...SettingName[]];
export const settingNameSchema = z.enum(SETTING_NAMES);

export const DEFAULT_SETTINGS: Settings = {
  language: 'es',
  theme: 'dark',
  accelerator: 'Control+Shift+K',
  soundVolume: 0.8,
  panelCollapsed: false,
  defaultReason: 'Parada de emergencia',
  lockAfterMinutes: 15,
  desktopNotices: 'critical',
  startAtLogin: false,
  guideDone: false,
  updateServer: '',
  updateKey: '',
};

/** Options that only the desk's file sets: who could set them could exchange the program. */
export const DESK_SETTINGS: readonly SettingName[] = ['updateServer', 'updateKey'];

/** The file by which a desk's operations set options on every terminal of a machine. */
export const deskSettingsSchema = z.strictObject({
  $schema: z.string().optional(),
  settings: settingsSchema.partial(),
  /** Options that the operator may not change here. */
  locked: z.array(settingNameSchema).default([]),
});
export type DeskSettings = z.infer<typeof deskSettingsSchema>;
