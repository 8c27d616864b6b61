import { describe, expect, it } from 'vitest';
import { pageFile, servePage } from '../../../src/main/pages';

const files: Readonly<Record<string, string>> = {
  'panel.html': '<script nonce="VIGIA-NONCE"></script>',
  'assets/panel-B_x1.js': 'const x = "VIGIA-NONCE"',
};
const read = async (file: string): Promise<Uint8Array<ArrayBuffer>> => {
  const text = files[file];
  if (text === undefined) throw new Error('ENOENT');
  return new TextEncoder().encode(text);
};
const ask = (url: string, method = 'GET') => servePage({ url, method }, read, () => 'n0nce');

describe('the program’s own scheme', () => {
  it.each([
    ['vigia://app/panel.html', 'panel.html'],
    ['vigia://app/panel.html?x#y', 'panel.html'],
    ['vigia://app/assets/panel-B_x1.js', 'assets/panel-B_x1.js'],
    ['vigia://app/', null],
    ['vigia://app/../package.json', null],
    ['vigia://app/assets/../../main/index.js', null],
    ['vigia://app/%2e%2e/panel.html', null],
    ['vigia://app/assets%2fpanel.js', null],
    ['vigia://app/assets\\panel.js', null],
    ['vigia://app//etc/passwd.html', null],
    ['vigia://app/.hidden.html', null],
    ['vigia://app/panel..html', null],
    ['vigia://app/data.db', null],
    ['vigia://other/panel.html', null],
    ['file:///panel.html', null],
  ])('%s is %s', (address, file) => {
    expect(pageFile(address)).toBe(file);
  });

  it('gives a page its nonce, in the text and in the policy', async () => {
    const page = await ask('vigia://app/panel.html');
    expect(await page.text()).toBe('<script nonce="n0nce"></script>');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'nonce-n0nce'");
    const script = await ask('vigia://app/assets/panel-B_x1.js');
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect(await script.text()).toContain('VIGIA-NONCE');
  });

  it('answers 404 to what is not there and to anything but GET', async () => {
    expect((await ask('vigia://app/gone.html')).status).toBe(404);
    expect((await ask('vigia://app/panel.html', 'POST')).status).toBe(404);
  });
});
