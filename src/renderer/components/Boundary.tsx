import { Component, type ReactNode } from 'react';
import { useT } from '../i18n';
import { Button, Hostile } from './ui';

interface Props {
  readonly children: ReactNode;
  /** What is said where they were: of a view, or of a window with its kill control. */
  readonly says: 'view.failed' | 'window.failed';
}

/** What fails within it is said in its place, and takes nothing else of the window with it. */
export class Boundary extends Component<Props, { readonly problem: string | null }> {
  override state = { problem: null };

  static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    const { says } = this.props;
    return (
      <Failed says={says} problem={problem} onAgain={() => this.setState({ problem: null })} />
    );
  }
}

interface FailedProps extends Pick<Props, 'says'> {
  readonly problem: string;
  readonly onAgain: () => void;
}

function Failed({ says, problem, onAgain }: FailedProps) {
  const t = useT();
  return (
    <div role="alert" className="space-y-2 border-l-4 border-red p-3">
      <p className="font-bold">{t(says)}</p>
      <p className="text-[12px] text-muted">
        <Hostile text={problem} max={400} />
      </p>
      <Button browse onClick={onAgain}>
        {t('view.again')}
      </Button>
    </div>
  );
}
