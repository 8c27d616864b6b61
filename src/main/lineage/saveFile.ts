import { basename, dirname } from 'node:path';
import { saveDocument } from '../../node/saveDocument';
import type { IpcArgs } from '../../shared/ipc/contract';

const EXTENSIONS = { svg: 'svg', png: 'png', json: 'json', openlineage: 'openlineage.json' };

/**
 * Writes a picture or the data of the lineage where a person says.
 *
 * @param choose asks for the path, null when he thought better of it.
 * @param openLineage gives the run events, which a window does not have.
 * @returns the path written; under it is the whole of it, or what was there before.
 * @throws what the file system says.
 */
export async function saveLineage(
  { format, data }: IpcArgs<'lineage.save'>,
  choose: (name: string) => Promise<string | null>,
  openLineage: () => Promise<string>,
): Promise<string | null> {
  const path = await choose(`linaje.${EXTENSIONS[format]}`);
  if (path === null) return null;
  const text = format === 'openlineage' ? await openLineage() : data;
  const content = format === 'png' ? Buffer.from(text, 'base64') : text;
  return saveDocument(dirname(path), basename(path), content);
}
