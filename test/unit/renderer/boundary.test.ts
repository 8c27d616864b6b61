import type { ReactElement } from 'react';
import { expect, it } from 'vitest';
import { Boundary } from '../../../src/renderer/components/Boundary';

it('shows what is in it until that fails, and then why, and of what', () => {
  const boundary = new Boundary({ children: 'una vista', says: 'window.failed' });
  expect(boundary.render()).toBe('una vista');
  boundary.state = Boundary.getDerivedStateFromError(new Error('no hay filas')) as never;
  const shown = boundary.render() as ReactElement;
  expect(shown.props).toMatchObject({ says: 'window.failed', problem: 'no hay filas' });
});
