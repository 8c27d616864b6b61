import type { CsvColumnName } from '../../shared/audit/csv';
import { beginsLine, type DeletedBefore } from '../../shared/retention/retention';
import { timestamp } from '../../shared/time';

/**
 * The page of shell that proves an export with what every Unix has. `printf`, `read` and the
 * parameter expansions are POSIX; only `sha256sum` and `openssl` are programs besides.
 */
export const VERIFY_SH = `#!/bin/sh
# Verifies this export with sha256sum and openssl alone. Run it in its folder: sh verify.sh
set -eu
export LC_ALL=C

# 1. Every file is the one that was written.
sha256sum --check --quiet SHA256SUMS
echo "files: ok"

# 2. Every event hashes to what it says and names the hash of the one before it.
# The hash is taken over the line without its member "hash".
count=0
previous=
while IFS= read -r line; do
  rest=\${line##*\\"hash\\":\\"}
  hash=\${rest%%\\"*}
  body=\${line%\\"hash\\":\\"*}\${rest#*\\",}
  names=\${rest#*\\"prevHash\\":\\"}
  names=\${names%%\\"*}
  found=$(printf '%s' "$body" | sha256sum)
  if [ "\${found%% *}" != "$hash" ]; then
    echo "BAD: line $((count + 1)) was altered"; exit 1
  fi
  if [ -n "$previous" ] && [ "$names" != "$previous" ]; then
    echo "BAD: line $((count + 1)) does not follow the line before it"; exit 1
  fi
  previous=$hash
  count=$((count + 1))
done < events.jsonl
echo "chain: $count events ok, last $previous"

# 3. The gateway signed an event of this chain with the key in public-key.pem.
if [ ! -s checkpoint.txt ]; then
  echo "signature: none in this period"; exit 0
fi
if ! openssl pkeyutl -help 2>&1 | grep -q -e -rawin; then
  echo "CANNOT: the signature was not checked, it takes openssl 3.0 or newer; this is $(openssl version)"; exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed '/^$/,$d' checkpoint.txt > "$work/text"
sed -n 's/^[^ ]* vigia\\/log //p' checkpoint.txt | openssl base64 -d -A | tail -c +5 > "$work/signature"
openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in "$work/text" -sigfile "$work/signature" > "$work/said" ||
  { echo "BAD: the signature is not by this key"; exit 1; }
signed=$(sed -n 2p "$work/text")
hash=$(sed -n 3p "$work/text" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
grep -q "\\"hash\\":\\"$hash\\",\\"id\\":\\"[^\\"]*\\",\\"prevHash\\":\\"[0-9a-f]*\\",\\"reason\\":.*,\\"seq\\":$signed,\\"ts\\"" events.jsonl ||
  { echo "BAD: event $signed is not the one that was signed"; exit 1; }
echo "signature: ok, up to event $signed"
`;

/** As a block of Markdown, whole: run from there it must stop where the file stops. */
const SCRIPT = VERIFY_SH.split('\n')
  .map((line) => (line === '' ? '' : `    ${line}`))
  .join('\n');

/** A paragraph for a record that does not begin with the log's first event. */
function beginsEs({ seq, at, by, last }: DeletedBefore): string {
  const day = timestamp(at).slice(0, 10);
  return `\nEmpieza en la secuencia ${last + 1}: los años anteriores se borraron, cumplida su conservación, el
${day}, por \`${oneLine(by)}\` (evento ${seq}). Su primer evento nombra en \`prevHash\` el hash que ese evento da.\n`;
}

function beginsEn(deleted: DeletedBefore): string {
  return `\nIt ${oneLine(beginsLine(deleted))}.
Its first event names as \`prevHash\` the hash that this event gives.\n`;
}

/** Names come from people: they make no line, and no mark-up, of their own. */
function oneLine(text: string): string {
  return text.replace(/[\s`<>[\]]+/g, ' ');
}

/** What stands in each column of the table, in Spanish and in English. */
const COLUMNS: Readonly<Record<CsvColumnName, readonly [es: string, en: string]>> = {
  seq: ['lugar en el registro: 1, 2, 3, sin huecos', 'place in the log: 1, 2, 3, without gaps'],
  id: ['identificador del evento', "the event's id"],
  time_utc: ['hora en UTC, en milisegundos', 'time in UTC, to the millisecond'],
  time_bogota: [
    'la misma hora en Bogotá, con su desfase',
    'the same time in Bogota, with its offset',
  ],
  type: ['qué pasó', 'what happened'],
  actor: ['quién: persona, motor o gateway', 'who: a person, an engine or the gateway'],
  role: ['con qué papel', 'in which role'],
  terminal: ['desde qué terminal', 'from which terminal'],
  command_id: [
    'la orden; lo que una orden causó lleva la misma',
    'the command; all that one led to carries the same',
  ],
  reason: ['por qué, con las palabras de quien lo hizo', 'why, in the words of who did it'],
  model: ['modelos de los que trata', 'models it is about'],
  engine: ['motores de los que trata', 'engines it is about'],
  incident: ['incidente del que trata', 'incident it is about'],
  before: [
    'lo que había antes del cambio; vacío donde no cambió nada o no consta',
    'what was there before the change; empty where nothing changed or it is not recorded',
  ],
  after: ['lo que hay después', 'what is there after it'],
  data: ['el evento entero, JSON canónico', 'the whole event, canonical JSON'],
  prev_hash: ['hash del evento anterior', 'hash of the event before it'],
  hash: ['hash de este evento', 'hash of this event'],
};

function columns(language: 0 | 1): string {
  return Object.entries(COLUMNS)
    .map(([name, words]) => `- \`${name}\`: ${words[language]}.`)
    .join('\n');
}

/** What is in the folder and how to verify it, in Spanish. */
export const readmeEs = (
  deleted: DeletedBefore | null,
): string => `# Exportación del registro de Vigía

Cada archivo y lo que contiene:

- \`events.jsonl\`: el registro. Un evento por línea, JSON canónico (RFC 8785), en orden.
- \`events.csv\`: los mismos eventos como tabla, para leer. Vale el JSON.
- \`manifest.json\`: periodo, primer y último evento, cuentas por tipo, fuente de la hora y su desfase
  (\`null\`: sin medir), versiones del programa y de las políticas, SHA-256 de cada archivo.
- \`checkpoint.txt\`: la firma del gateway (Ed25519, nota firmada C2SP) sobre un evento de la cadena.
  Vacío si en el periodo no hay ninguna.
- \`public-key.pem\`: la clave pública del gateway. Compare su huella con la que le dio la mesa por otra
  vía: \`openssl pkey -pubin -in public-key.pem -outform DER | sha256sum\`
- \`documents/\`: la ficha de cada modelo del periodo tal como estaba a su final (Markdown y YAML), y los
  post-mortem de sus incidentes tal como se guardaron por última vez: \`draft\` o \`published\`.
- \`README.es.md\`, \`README.en.md\`: esta página, en los dos idiomas.
- \`verify.sh\`: la página de shell que verifica todo esto.
- \`SHA256SUMS\`: las sumas de todos los archivos anteriores.

## Columnas de events.csv

${columns(0)}

Un signo por el que una hoja de cálculo tomaría el texto por fórmula, al comienzo de una celda o tras un
punto y coma, un tabulador o un salto de línea, lleva un apóstrofo delante; dentro de JSON está escrito con
su código (\`\\u003d\`), que se lee igual.
${deleted ? beginsEs(deleted) : ''}
## Cómo verificarla

Solo hacen falta \`sha256sum\` y \`openssl\` (3.0 o posterior: antes no comprueba firmas Ed25519, y el guion
lo dice). En esta carpeta: \`sh verify.sh\`, que es lo que sigue, línea por línea. Termina en 0 si todo se
cumple, en 1 en lo primero que no, y en 2 si la firma no se pudo comprobar. Con millones de eventos,
\`vigia verify <carpeta>\` hace lo mismo más deprisa.

${SCRIPT}
`;

/** The same in English. */
export const readmeEn = (deleted: DeletedBefore | null): string => `# Export of Vigía's log

Each file and what is in it:

- \`events.jsonl\`: the record. One event a line, canonical JSON (RFC 8785), in order.
- \`events.csv\`: the same events as a table, for reading. The JSON is what counts.
- \`manifest.json\`: period, first and last event, counts by type, source of the time and its
  offset (\`null\`: not measured), versions of the software and of the policies, SHA-256 of each file.
- \`checkpoint.txt\`: the gateway's signature (Ed25519, a C2SP signed note) over an event of the chain.
  Empty where the period has none.
- \`public-key.pem\`: the gateway's public key. Compare its fingerprint with the one the desk gave you by
  another way: \`openssl pkey -pubin -in public-key.pem -outform DER | sha256sum\`
- \`documents/\`: the card of each model of the period as it stood at its end (Markdown and YAML), and the
  post-mortems of its incidents as they were saved last: \`draft\` or \`published\`.
- \`README.es.md\`, \`README.en.md\`: this page, in both languages.
- \`verify.sh\`: the page of shell that verifies all of this.
- \`SHA256SUMS\`: the sums of all the files above.

## Columns of events.csv

${columns(1)}

A sign for which a spreadsheet would take the text for a formula, at the start of a cell or after a
semicolon, a tab or a line break, has an apostrophe before it; within JSON it is written by its code
(\`\\u003d\`), which reads the same.
${deleted ? beginsEn(deleted) : ''}
## How to verify it

It takes \`sha256sum\` and \`openssl\` (3.0 or newer: older ones check no Ed25519 signature, and the script
says so), nothing else. In this folder: \`sh verify.sh\`, which is the following, line by line. It ends in 0
when all of it holds, in 1 at the first that does not, and in 2 where the signature could not be checked.
For millions of events \`vigia verify <folder>\` does the same faster.

${SCRIPT}
`;
