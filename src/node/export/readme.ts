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

const SCRIPT = VERIFY_SH.split('\n')
  .slice(3)
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

/** What is in the folder and how to verify it, in Spanish. */
export const readmeEs = (
  deleted: DeletedBefore | null,
): string => `# Exportación del registro de Vigía

Cada archivo y lo que contiene:

- \`events.jsonl\`: el registro. Un evento por línea, JSON canónico (RFC 8785), en orden.
- \`events.csv\`: los mismos eventos como tabla, para leer. Vale el JSON.
- \`manifest.json\`: periodo, primer y último evento, cuentas por tipo, fuente de la hora y desfase
  medido, versiones del programa y de las políticas, SHA-256 de cada archivo.
- \`checkpoint.txt\`: la firma del gateway (Ed25519, nota firmada C2SP) sobre un evento de la cadena.
  Vacío si en el periodo no hay ninguna.
- \`public-key.pem\`: la clave pública del gateway. Compare su huella con la que le dio la mesa por otra
  vía: \`openssl pkey -pubin -in public-key.pem -outform DER | sha256sum\`
- \`documents/\`: fichas de los modelos y post-mortem de los incidentes del periodo.
- \`SHA256SUMS\`: las sumas de todos los archivos anteriores.

Una celda del CSV que una hoja de cálculo tomaría por fórmula lleva un apóstrofo delante. Las horas son
UTC en milisegundos; \`time_bogota\` lleva su desfase.
${deleted ? beginsEs(deleted) : ''}
## Cómo verificarla

Solo hacen falta \`sha256sum\` y \`openssl\` (1.1.1 o posterior). En esta carpeta: \`sh verify.sh\`, que hace
esto, línea por línea. Con millones de eventos, \`vigia verify <carpeta>\` hace lo mismo más deprisa.

${SCRIPT}
`;

/** The same in English. */
export const readmeEn = (deleted: DeletedBefore | null): string => `# Export of Vigía's log

Each file and what is in it:

- \`events.jsonl\`: the record. One event a line, canonical JSON (RFC 8785), in order.
- \`events.csv\`: the same events as a table, for reading. The JSON is what counts.
- \`manifest.json\`: period, first and last event, counts by type, source of the time and measured
  offset, versions of the software and of the policies, SHA-256 of each file.
- \`checkpoint.txt\`: the gateway's signature (Ed25519, a C2SP signed note) over an event of the chain.
  Empty where the period has none.
- \`public-key.pem\`: the gateway's public key. Compare its fingerprint with the one the desk gave you by
  another way: \`openssl pkey -pubin -in public-key.pem -outform DER | sha256sum\`
- \`documents/\`: model cards and the post-mortems of incidents of the period.
- \`SHA256SUMS\`: the sums of all the files above.

A cell of the CSV that a spreadsheet would take for a formula has an apostrophe before it. Times are UTC
in milliseconds; \`time_bogota\` carries its offset.
${deleted ? beginsEn(deleted) : ''}
## How to verify it

It takes \`sha256sum\` and \`openssl\` (1.1.1 or newer), nothing else. In this folder: \`sh verify.sh\`, which
does the following, line by line. For millions of events \`vigia verify <folder>\` does the same faster.

${SCRIPT}
`;
