import { Component, type ReactNode } from 'react';
import { useT } from '../i18n';
import { Button, Hostile } from './ui';

interface Props {
  readonly children: ReactNode;
}

/**
 * What fails within it is said in its place, and takes nothing else of the window with it: the kill
 * control outside is still there.
 */
export class Boundary extends Component<Props, { readonly problem: string | null }> {
  override state = { problem: null };

  static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    return <Failed problem={problem} onAgain={() => this.setState({ problem: null })} />;
  }
}

function Failed({ problem, onAgain }: { problem: string; onAgain: () => void }) {
  const t = useT();
  return (
    <div role="alert" className="space-y-2 border-l-4 border-red p-3">
      <p className="font-bold">{t('view.failed')}</p>
      <p className="text-[12px] text-muted">
        <Hostile text={problem} max={400} />
      </p>
      <Button browse onClick={onAgain}>
        {t('view.again')}
      </Button>
    </div>
  );
}
