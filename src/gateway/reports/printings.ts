import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Language } from '../../shared/documents/document';
import { ForeignError, type SealedBucket } from '../cluster/bucket';

/** A report's printing in a language. */
export interface Printing {
  readonly report: string;
  readonly language: Language;
}

/** Printings that the gateways of a desk share. */
export interface SharedPrintings {
  /** Null where it is not there, or not as a gateway put it. @throws what the servers say */
  get(printing: Printing): Promise<Uint8Array | null>;
  /** @throws what the servers say */
  put(printing: Printing, pdf: Uint8Array): Promise<void>;
  has(printings: readonly Printing[]): Promise<readonly boolean[]>;
  /** Takes away those of all other reports than the ones that are kept once it is known what is there. */
  keepOnly(kept: () => ReadonlySet<string>): Promise<void>;
}

/** A server takes a message of a mebibyte; sealed, and as text, a part is a third longer. */
const PART_BYTES = 600_000;

const headSchema = z.strictObject({ parts: z.int().positive(), sha256: z.string() });

/** In parts, and last under the printing's own name what they come to. */
export function sharePrintings(bucket: SealedBucket): SharedPrintings {
  const keyOf = ({ report, language }: Printing) => `${report}.${language}`;

  return {
    async get(printing) {
      const key = keyOf(printing);
      try {
        const head = await bucket.get(key);
        if (!head) return null;
        const { parts, sha256 } = headSchema.parse(JSON.parse(head.toString('utf8')));
        const all: Buffer[] = [];
        for (let at = 0; at < parts; at += 1) {
          const part = await bucket.get(`${key}.${sha256}.${at}`);
          if (!part) return null;
          all.push(part);
        }
        const pdf = new Uint8Array(Buffer.concat(all));
        return hashOf(pdf) === sha256 ? pdf : null;
      } catch (error) {
        if (error instanceof ForeignError) return null;
        throw error;
      }
    },
    async put(printing, pdf) {
      const key = keyOf(printing);
      const sha256 = hashOf(pdf);
      const parts = Math.ceil(pdf.byteLength / PART_BYTES);
      for (let at = 0; at < parts; at += 1) {
        const part = pdf.subarray(at * PART_BYTES, (at + 1) * PART_BYTES);
        await bucket.put(`${key}.${sha256}.${at}`, part);
      }
      await bucket.put(key, JSON.stringify({ parts, sha256 }));
    },
    async has(printings) {
      const keys = new Set(await bucket.keys());
      return printings.map((one) => keys.has(keyOf(one)));
    },
    async keepOnly(kept) {
      const keys = await bucket.keys();
      const reports = kept();
      for (const key of keys) {
        if (!reports.has(key.split('.')[0] ?? '')) await bucket.remove(key);
      }
    },
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
