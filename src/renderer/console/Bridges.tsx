import type { DeskView } from '@shared/view/desk';
import { BridgesSection } from './settings/Bridges';
import { LastResortSection } from './settings/LastResort';

/** Bridges to the systems that run, and this terminal's own way past every gateway. */
export default function Bridges({ view }: { view: DeskView }) {
  return (
    <div className="space-y-6">
      <BridgesSection view={view} />
      <LastResortSection view={view} />
    </div>
  );
}
