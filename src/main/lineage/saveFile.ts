import { writeFile } from 'node:fs/promises';
import type { IpcArgs } from '../../shared/ipc/contract';

const EXTENSIONS = { svg: 'svg', png: 'png', json: 'json', openlineage: 'openlineage.json' };

/**
 * Writes a picture or the data of the lineage where a person says.
 *
 * @param choose asks for the path, null when he thought better of it.
 * @param openLineage gives the run events, which a window does not have.
 * @returns the path written.
 */
export async function saveLineage(
  { format, data }: IpcArgs<'lineage.save'>,
  choose: (name: string) => Promise<string | null>,
  openLineage: () => Promise<string>,
): Promise<string | null> {
  const path = await choose(`linaje.${EXTENSIONS[format]}`);
  if (path === null) return null;
  const text = format === 'openlineage' ? await openLineage() : data;
  await writeFile(path, format === 'png' ? Buffer.from(text, 'base64') : text);
  return path;
}
