import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { explain } from './problem.mjs';
import { capture } from './run.mjs';
import { ROOT } from './setup.mjs';

const MODULES = join(ROOT, 'node_modules');
const RESOURCES = join(ROOT, 'resources');
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/**
 * Makes the terminal's Debian package from an unpacked program.
 *
 * @param {string} version Debian's form of the version; `~` sorts before the release
 * @returns the package's path
 */
export function terminalDeb(unpacked, version, output) {
  return packDeb('vigia', version, output, (at) => {
    cpSync(unpacked, at('usr/lib/vigia'), { recursive: true });
    chmodSync(at('usr/lib/vigia/chrome-sandbox'), 0o4755);
    // By this electron-updater knows what to fetch; fpm's package has it too.
    writeFileSync(at('usr/lib/vigia/resources/package-type'), 'deb');
    symlinkSync('../lib/vigia/vigia', at('usr/bin/vigia'));
    place('linux/vigia.desktop', at('usr/share/applications/vigia.desktop'));
    place('icons/icon.png', at('usr/share/icons/hicolor/512x512/apps/vigia.png'));
    manual('vigia.1', at);
    return {
      depends: debianLibraries(),
      synopsis: 'Operations terminal for automated trading',
      about: 'One key stops trading; the screen says what is stopped, flat and not known yet.',
      scripts: { postinst: 'terminal.postinst' },
      kept: [],
    };
  });
}

/** What the terminal needs of the system, as electron-builder.yml names it. */
function debianLibraries() {
  return parse(readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8')).deb.depends;
}

/**
 * Makes the gateway's Debian package: the programs, a Node of their own, the unit and the policies.
 * It needs no Electron, so that it is the same wherever it is made.
 *
 * @returns the package's path; null where there is no Node to put into it
 */
export function gatewayDeb(version, output) {
  const node = join(MODULES, `node-linux-${process.arch}`, 'bin/node');
  if (!existsSync(node)) return null;
  return packDeb('vigia-gateway', version, output, (at) => {
    const home = 'usr/lib/vigia-gateway';
    copyFileSync(node, at(`${home}/node`));
    chmodSync(at(`${home}/node`), 0o755);
    cpSync(join(ROOT, 'out/main'), at(`${home}/app/out/main`), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
    writeFileSync(at(`${home}/app/package.json`), '{"name":"vigia","type":"module"}\n');
    const native = `prebuilds/linux-${process.arch}.node`;
    for (const part of ['lib', 'package.json', 'LICENSE', native]) {
      const to = at(`${home}/app/node_modules/better-sqlite3/${part}`);
      cpSync(join(MODULES, 'better-sqlite3', part), to, { recursive: true });
    }
    for (const [name, program] of [
      ['vigia-gateway', 'vigia-gateway'],
      ['vigia-cli', 'vigia'],
    ]) {
      const line = `exec /${home}/node /${home}/app/out/main/${program}.js "$@"`;
      writeFileSync(at(`usr/bin/${name}`), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    }
    const unit = 'systemd/vigia-gateway.service';
    place(unit, at('usr/lib/systemd/system/vigia-gateway.service'));
    manual('vigia-gateway.8', at);
    place('gateway/gateway.yaml', at('etc/vigia/gateway.yaml'));
    // For those who write an engine, and for those who watch a gateway.
    for (const folder of ['engine-clients', 'grafana']) {
      cpSync(join(RESOURCES, folder), at(`usr/share/vigia-gateway/${folder}`), {
        recursive: true,
        filter: (path) => !path.includes('__pycache__'),
      });
    }
    // What a gateway decides by; it looks for the other two beside the first.
    const policies = ['policy', 'playbooks', 'calendar'].flatMap((folder) => {
      cpSync(join(RESOURCES, folder), at(`etc/vigia/${folder}`), { recursive: true });
      return readdirSync(join(RESOURCES, folder)).map((one) => `${folder}/${one}`);
    });
    return {
      depends: ['libc6', 'libstdc++6', 'passwd'],
      synopsis: 'Operations gateway of Vigía',
      about: 'Owns the event log, checks commands against policy and drives the engines.',
      scripts: {
        postinst: 'gateway.postinst',
        prerm: 'gateway.prerm',
        postrm: 'gateway.postrm',
      },
      kept: ['gateway.yaml', ...policies].map((one) => `/etc/vigia/${one}`),
    };
  });
}

/** Lays a package out in a folder of its own and has dpkg-deb make the file. @returns its path */
function packDeb(name, version, output, lay) {
  const stage = mkdtempSync(join(tmpdir(), 'vigia-deb-'));
  const at = (path) => {
    const full = join(stage, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    return full;
  };
  try {
    chmodSync(stage, 0o755);
    const { depends, synopsis, about, scripts, kept } = lay(at);
    copyFileSync(join(ROOT, 'LICENSE'), at(`usr/share/doc/${name}/copyright`));
    const size = capture('du', ['-sk', stage]).stdout.split('\t')[0];
    const control = {
      Package: name,
      Version: version,
      Architecture: ARCHITECTURES[process.arch],
      Maintainer: 'Vigía',
      Section: 'misc',
      Priority: 'optional',
      'Installed-Size': size,
      Depends: depends.join(', '),
      Description: `${synopsis}\n ${about}`,
    };
    const lines = Object.entries(control).map(([key, value]) => `${key}: ${value}\n`);
    writeFileSync(at('DEBIAN/control'), lines.join(''));
    if (kept.length > 0) writeFileSync(at('DEBIAN/conffiles'), `${kept.join('\n')}\n`);
    for (const [script, from] of Object.entries(scripts)) {
      place(`debian/${from}`, at(`DEBIAN/${script}`));
      chmodSync(at(`DEBIAN/${script}`), 0o755);
    }
    const file = join(output, `${name}_${version}_${ARCHITECTURES[process.arch]}.deb`);
    const made = capture('dpkg-deb', ['-Zzstd', '--root-owner-group', '--build', stage, file]);
    if (made.status !== 0) throw explain(made.output, 'dpkg-deb');
    return file;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function place(from, to) {
  copyFileSync(join(RESOURCES, from), to);
}

/** Puts a manual page into a package, compressed as Debian wants it. */
function manual(page, at) {
  const to = at(`usr/share/man/man${page.at(-1)}/${page}.gz`);
  writeFileSync(to, gzipSync(readFileSync(join(RESOURCES, 'man', page)), { level: 9 }));
}
