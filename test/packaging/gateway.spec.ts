import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { filesOf, made, run } from './packages';

const CONFIG = '/etc/vigia/gateway.yaml';

test('the gateway’s package runs as its own user, keeps what was set, and leaves the log', async () => {
  run('dpkg', '-i', made(/\/vigia-gateway_.*\.deb$/));
  expect(filesOf('vigia-gateway')).toEqual(
    expect.arrayContaining([
      '/usr/share/vigia-gateway/engine-clients/python/vigia_engine.py',
      '/usr/share/vigia-gateway/grafana/vigia-gateway.json',
    ]),
  );
  // Where there is systemd at all.
  if (existsSync('/usr/bin/systemd-analyze')) {
    expect(run('systemd-analyze', 'verify', '/usr/lib/systemd/system/vigia-gateway.service')).toBe(
      '',
    );
  }
  expect(statSync('/var/lib/vigia-gateway').mode & 0o777).toBe(0o700);
  expect(statSync('/etc/vigia/operators.yaml').mode & 0o777).toBe(0o640);
  const account = ['--id', 'ana', '--name', 'Ana', '--roles', 'trader'];
  const token = run(
    'vigia-gateway',
    'operator',
    'add',
    '--file',
    '/etc/vigia/operators.yaml',
    ...account,
  );
  expect(token).toMatch(/^ana\.\S{40,}\n$/);
  run('chown', 'root:vigia-gateway', '/etc/vigia/operators.yaml');
  run('chmod', '0640', '/etc/vigia/operators.yaml');
  writeFileSync(CONFIG, readFileSync(CONFIG, 'utf8').replace('port: 8760', 'port: 0'));

  // As the unit starts it.
  const unit = readFileSync('/usr/lib/systemd/system/vigia-gateway.service', 'utf8');
  const [program = '', ...args] = (/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '').split(' ');
  const user = ['--reuid', 'vigia-gateway', '--regid', 'vigia-gateway', '--clear-groups'];
  const gateway = spawn('setpriv', [...user, program, ...args], { cwd: '/var/lib/vigia-gateway' });
  try {
    const port = await new Promise<string>((listening, failed) => {
      let said = '';
      gateway.on('exit', (code) => failed(new Error(`ended with ${code}: ${said}`)));
      for (const stream of [gateway.stdout, gateway.stderr]) {
        stream.on('data', (text) => {
          said += text;
          const found = /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
          if (found) listening(found);
        });
      }
    });
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(await health.json()).toMatchObject({ status: 'healthy' });
    const status = await fetch(`http://127.0.0.1:${port}/operations/status`, {
      headers: { authorization: `Bearer ${token.trim()}` },
    });
    expect(await status.json()).toMatchObject({ mode: 'normal' });
  } finally {
    const ended = new Promise((done) => gateway.once('exit', done));
    gateway.kill('SIGTERM');
    await ended;
  }
  expect(run('vigia-cli', 'verify', '/var/lib/vigia-gateway/log.db')).toContain('ok');
  // Installed again over itself, it leaves what the desk has set.
  run('dpkg', '--force-confdef', '--force-confold', '-i', made(/\/vigia-gateway_.*\.deb$/));
  expect(readFileSync(CONFIG, 'utf8')).toContain('port: 0');
  const programs = filesOf('vigia-gateway').filter((path) => !path.startsWith('/etc/'));
  run('dpkg', '-r', 'vigia-gateway');
  expect(programs.filter((path) => existsSync(path))).toEqual([]);
  expect(existsSync(CONFIG)).toBe(true);
  run('dpkg', '--purge', 'vigia-gateway');
  expect(existsSync('/etc/vigia')).toBe(false);
  expect(existsSync('/var/lib/vigia-gateway/log.db')).toBe(true);
  rmSync('/var/lib/vigia-gateway', { recursive: true });
});
