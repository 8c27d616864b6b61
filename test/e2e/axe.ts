import type { Page } from '@playwright/test';
import axe from 'axe-core';

/** What axe finds in a page, by rule and place. */
export async function findings(page: Page): Promise<string[]> {
  // What is half faded in or out has colours that nobody reads; what moves for ever is not waited for.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished),
    ).then(() => undefined),
  );
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (
      window as unknown as { axe: { run(): Promise<import('axe-core').AxeResults> } }
    ).axe.run();
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`);
  });
}
