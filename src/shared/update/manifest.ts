import { z } from 'zod';

/** A release's version: three numbers, so that which is newer is never a matter of taste. */
export const releaseVersionSchema = z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/);

/** A file beside the manifest: a name, never a way to elsewhere. */
const fileNameSchema = z.string().regex(/^[A-Za-z0-9][\w.+~-]{0,199}$/, 'must be a mere file name');

/** What electron-builder writes as `latest*.yml`, as far as it is used. */
export const updateManifestSchema = z.object({
  version: releaseVersionSchema,
  files: z
    .array(
      z.object({
        url: fileNameSchema,
        /** Base64. */
        sha512: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'must be a SHA-512 in base64'),
        size: z.int().positive(),
        isAdminRightsRequired: z.boolean().optional(),
      }),
    )
    .min(1),
  minimumSystemVersion: z.string().max(64).optional(),
});
export type UpdateManifest = z.infer<typeof updateManifestSchema>;

/** Every name a manifest may have on an update server. */
export const MANIFEST_NAME = /^latest(-mac|-linux(-[a-z0-9]+)?)?\.yml$/;

/** The manifest's name for a platform, in Node's words, as electron-builder writes it. */
export function manifestName(platform: string, arch: string): string {
  if (platform === 'win32') return 'latest.yml';
  if (platform === 'darwin') return 'latest-mac.yml';
  return arch === 'x64' ? 'latest-linux.yml' : `latest-linux-${arch}.yml`;
}

/** Whether release `a` is newer than release `b`. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [a, b].map((one) => one.split('.').map(Number)) as [number[], number[]];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? 0;
    if (part !== other) return part > other;
  }
  return false;
}
