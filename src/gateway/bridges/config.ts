import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  bridgeAddressSchema,
  bridgeIdSchema,
  bridgeKindSchema,
  bridgeOptionsSchema,
  optionsProblem,
  SECRETS,
  type Secrets,
} from '../../shared/bridges/bridge';

/** Where a secret of the configuration file is: never in the file itself. */
const sourceSchema = z.union([
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ env: z.string().min(1).max(128) }),
]);

/** A bridge in the gateway's configuration file. */
export const fileBridgeSchema = z
  .strictObject({
    id: bridgeIdSchema,
    kind: bridgeKindSchema,
    name: z.string().min(1).max(128),
    address: bridgeAddressSchema.optional(),
    options: bridgeOptionsSchema.default({}),
    secrets: z.record(z.string(), sourceSchema).default({}),
  })
  .refine(({ kind, address }) => kind === 'generic' || address !== undefined, {
    path: ['address'],
    message: 'where the service is, like http://127.0.0.1:8000',
  })
  .superRefine(({ kind, options }, context) => {
    const message = optionsProblem(kind, options);
    if (message !== null) context.addIssue({ code: 'custom', path: ['options'], message });
  })
  .refine(
    ({ kind, secrets }) => Object.keys(secrets).every((name) => SECRETS[kind].includes(name)),
    {
      path: ['secrets'],
      message: 'a secret that this kind of bridge does not have',
    },
  );
export type FileBridge = z.output<typeof fileBridgeSchema>;

/**
 * Reads the secrets where the file says they are.
 *
 * @returns them, or which one cannot be had and why; a bridge without its secrets does not start.
 */
export function readSecrets(
  bridge: FileBridge,
  env: Readonly<Record<string, string | undefined>>,
): { readonly secrets: Secrets; readonly problem: string | null } {
  const secrets: Secrets = {};
  for (const [name, source] of Object.entries(bridge.secrets)) {
    if ('env' in source) {
      const value = env[source.env];
      if (!value) return { secrets, problem: `${name}: ${source.env} is not set` };
      secrets[name] = value;
    } else {
      try {
        const value = readFileSync(source.file, 'utf8').trim();
        if (value === '') return { secrets, problem: `${name}: ${source.file} is empty` };
        secrets[name] = value;
      } catch (error) {
        return { secrets, problem: `${name}: ${(error as Error).message}` };
      }
    }
  }
  return { secrets, problem: null };
}
