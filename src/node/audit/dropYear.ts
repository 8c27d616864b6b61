import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogPosition } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../shared/ops/state';
import type { Deletion } from '../../shared/retention/retention';
import { eventOfRow } from '../eventRow';
import { ArchiveError, archiveOf, archivesOf, synced } from './archives';
import { basePath, baseText, readBase } from './base';
import { openSource } from './source';

const PAGE = 1_000;

/**
 * Deletes a mirror's oldest archive. What the state came to is on disk before the archive goes, so
 * that whatever it dies at, one of them is there.
 *
 * @throws {ArchiveError} when the archive is not the piece of the chain that was named.
 */
export function dropYear(path: string, { year, audit }: Pick<Deletion, 'year' | 'audit'>): void {
  const archive = archiveOf(path, year);
  if (!audit || archivesOf(path)[0] !== archive) {
    throw new ArchiveError(`${year} is not the oldest year that is held`);
  }
  let state = readBase(path)?.state ?? INITIAL_OPS_STATE;
  let position: LogPosition;
  const source = openSource([archive]);
  try {
    position = source.head();
    const begins = source.start().seq + 1 === audit.first && state.seq === audit.first - 1;
    if (!begins || position.seq !== audit.last || position.hash !== audit.hash) {
      throw new ArchiveError(`${archive} is not the year that was named`);
    }
    while (state.seq < position.seq) {
      for (const row of source.rows(state.seq + 1, PAGE)) state = foldOps(state, eventOfRow(row));
    }
  } finally {
    source.close();
  }
  const partial = `${basePath(path)}.partial`;
  const { publicKey } = audit;
  writeFileSync(partial, baseText({ position, publicKey, state }), { mode: 0o600 });
  synced(partial);
  renameSync(partial, basePath(path));
  synced(dirname(path));
  remove(archive);
}

/** Finishes a deletion that was broken off: the state is there, and the archive still is. */
export function finishDrop(path: string): void {
  const base = readBase(path);
  const [oldest] = archivesOf(path);
  if (!base || oldest === undefined) return;
  const source = openSource([oldest]);
  const { seq, hash } = source.head();
  source.close();
  if (seq === base.position.seq && hash === base.position.hash) remove(oldest);
}

function remove(archive: string): void {
  // Windows deletes nothing that is read-only.
  chmodSync(archive, 0o600);
  rmSync(archive);
  synced(dirname(archive));
}
