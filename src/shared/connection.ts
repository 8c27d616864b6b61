import { z } from 'zod';
import { GATEWAY_FORM, isPlainOffMachine, socketUrl } from './address';

/** A gateway's address; it carries a token, so it has TLS or is this machine. */
export const gatewayAddressSchema = z
  .string()
  .max(512)
  .regex(GATEWAY_FORM, 'must be like wss://gateway.example:7443')
  .refine((url) => !GATEWAY_FORM.test(url) || !isPlainOffMachine(url), {
    message: 'would carry the token in plain text off this machine: use wss://',
  })
  .transform(socketUrl);

/** What a person signs in with. It goes in an HTTP header, which takes no other characters. */
export const tokenSchema = z
  .string()
  .trim()
  .min(16)
  .max(512)
  .regex(/^[\x21-\x7e]+$/, 'has characters that no token has');

/** Where a terminal is connected. It names nobody: people sign in. */
export const connectionSchema = z.strictObject({
  gateways: z.array(gatewayAddressSchema).min(1),
  /** PEM file of the one authority whose certificates are trusted, in place of the system's list. */
  caFile: z.string().min(1).optional(),
  /** PEM files of this terminal's own certificate, for a gateway that asks for one. */
  client: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  deskName: z.string().min(1).max(128).optional(),
  terminal: z
    .strictObject({ id: z.string().min(1).max(128), name: z.string().min(1).max(128) })
    .optional(),
});
export type Connection = z.output<typeof connectionSchema>;

/** What signing in at a gateway showed, before this terminal is connected to it. */
export const joinedSchema = z.object({
  address: z.string(),
  deskName: z.string(),
  environment: z.enum(['paper', 'live']),
  operator: z.string(),
  /** The token is kept over the restart; else it is asked for again. */
  kept: z.boolean(),
});
export type Joined = z.output<typeof joinedSchema>;
