/**
 * Every sentence that the gateway and the terminal say of alerts, requirements and refusals, in
 * Spanish by its English. Both have the same names in braces.
 */
export const SPANISH = {
  // Alerts: what they tell of.
  'the drill was not flat after {ms} ms: {engines}':
    'el simulacro no quedó plano tras {ms} ms: {engines}',
  'the post-mortem of incident {number} was due at {due}':
    'el post-mortem del incidente {number} vencía el {due}',
  'due {due}, owner {owner}: {text}': 'vencía el {due}, responsable {owner}: {text}',
  '{engine} was lost ({cause}) while it held {positions} positions':
    'se perdió {engine} ({cause}) con {positions} posiciones abiertas',
  '{name} ({bridge}): {cause}': '{name} ({bridge}): {cause}',
  '{engine}: {before} → {mode}, {by}: {reason}': '{engine}: {before} → {mode}, {by}: {reason}',
  'the review after {kind} of {model} was due at {due}':
    'la revisión tras {kind} de {model} vencía el {due}',
  '{kind} to {model}: not running it yet: {engines}; their entries are blocked':
    '{kind} a {model}: aún no lo ejecutan: {engines}; sus entradas están bloqueadas',
  '{engine} runs {model}, live is {live}; its entries are blocked':
    '{engine} ejecuta {model} y el modelo vivo es {live}; sus entradas están bloqueadas',
  '{trigger} {value} (limit {limit})': '{trigger} {value} (límite {limit})',
  '{trigger} {value} ({outcome}; warning {warning})':
    '{trigger} {value} ({outcome}; aviso {warning})',
  'drawdown {value}: {share} of the limit {limit}': 'caída {value}: {share} del límite {limit}',
  'win rate {value} over {trades} trades (warning {warning}, critical {critical})':
    'aciertos {value} en {trades} operaciones (aviso {warning}, crítico {critical})',
  '{feature} PSI {psi} (n {samples})': '{feature} PSI {psi} (n {samples})',
  '{state}: losing {losing} of {trades} trades, at best {least}':
    '{state}: pierde {losing} de {trades} operaciones, en su mejor momento {least}',
  'Sharpe {value} ± {error} over {days} days (warning {warning}, critical {critical}): review the model':
    'Sharpe {value} ± {error} en {days} días (aviso {warning}, crítico {critical}): revisar el modelo',
  'no report was made: {cause}': 'no se hizo el informe: {cause}',
  'alerts of other systems beyond those kept one by one, or left out by their sender':
    'alertas de otros sistemas que no caben una a una, o que su emisor omitió',
  'it runs, and its service has not answered yet': 'funciona, y su servicio aún no ha respondido',

  'the service has not answered for {seconds} s or more':
    'el servicio lleva {seconds} s o más sin responder',

  // Why retraining is proposed.
  '{features} drifted for {days} days in a row': '{features}: deriva {days} días seguidos',
  'Sharpe below {limit} for {days} days in a row':
    'Sharpe por debajo de {limit} durante {days} días seguidos',
  'concept drift since trade {trade}': 'deriva de concepto desde la operación {trade}',
  '{days} days old': '{days} días de edad',

  // Alerts: why they are over.
  'it is connected again': 'está conectado de nuevo',
  'the review was held': 'se hizo la revisión',
  'every engine runs it': 'todos los motores lo ejecutan',
  'it runs the live model': 'ejecuta el modelo vivo',
  'there is data again': 'hay datos de nuevo',
  'the monitor is armed again': 'el monitor está armado de nuevo',
  'it is within its limits again': 'está de nuevo dentro de sus límites',
  'another model is live': 'el modelo vivo es otro',
  'the post-mortem was published': 'se publicó el post-mortem',
  'it was done, dropped or given another date': 'se hizo, se abandonó o se le dio otra fecha',
  'resolved, says Alertmanager': 'resuelta, dice Alertmanager',
  'there is room again': 'vuelve a haber sitio',
  'the service answers again': 'el servicio responde de nuevo',
  'the service says that it is healthy': 'el servicio dice que está bien',
  'not repeated for 15 minutes': 'no se repitió en 15 minutos',
  'its engine is connected': 'su motor está conectado',

  // Why an engine was lost.
  silent: 'en silencio',
  'replaced by a newer connection': 'reemplazado por una conexión más reciente',
  'closed with {code}': 'cerrado con {code}',

  // An incident's title, where a rule opened it.
  '{kind}: {detail}': '{kind}: {detail}',

  // Requirements of a promotion.
  'no backtest on the card': 'la ficha no trae backtest',
  'no figures from staging yet': 'aún no hay cifras de staging',
  'figure missing': 'falta la cifra',
  'not in staging': 'no está en staging',
  'no shadow agreement reported yet': 'aún no se informó del acuerdo en sombra',
  'a critical alert while in staging': 'una alerta crítica durante el staging',
  'the card says nothing of a validation out of sample':
    'la ficha no dice nada de una validación fuera de muestra',
  'nobody is named as its owner': 'nadie figura como responsable',
  'nobody else is named as its backup owner': 'nadie más figura como suplente',
  'no rollback plan is written': 'no hay plan de rollback escrito',

  // Refusals.
  'your roles may not {what}': 'sus roles no permiten: {what}',
  'another acts as the monitor; that token is not the lease’s':
    'otro hace de monitor; ese testigo no es el del turno',
  'all of it is on record already': 'todo ello consta ya',
  '{name} is at {version} by now, not {basedOn}': '{name} va ya por {version}, no por {basedOn}',
  'this gateway runs no bridges': 'este gateway no lleva puentes',
  'the log takes nothing now: no majority of its servers answers. A kill goes on all the same':
    'el registro no admite nada ahora: no responde la mayoría de sus servidores. Un kill sigue adelante igualmente',
  'the gateway that acts for all does not answer: look whether it was done before giving it again':
    'no responde el gateway que actúa por todos: mire si está hecho antes de repetirla',
  'its gateway {node} is silent': 'su gateway {node} calla',
  'the gateway never received it': 'el gateway no llegó a recibirla',
  'an engine of the drill never registered': 'un motor del simulacro nunca se registró',
  'no engine has registered': 'ningún motor se ha registrado',
  'a drill is for paper engines on a paper desk only':
    'un simulacro es solo para motores de papel en una mesa de papel',
  'an engine of the drill is not connected': 'un motor del simulacro no está conectado',
  'something is stopped; a drill starts from a desk that runs':
    'algo está detenido; un simulacro parte de una mesa en marcha',
  'no model {model} is registered': 'no hay ningún modelo {model} registrado',
  'a retraining of {model} waits already': 'ya espera un reentreno de {model}',
  '{hours} h between two asked for by people': '{hours} h entre dos que pidan personas',
  'no retraining of that id is open': 'no hay ningún reentreno abierto con ese id',
  'the backup owner is a person other than the owner':
    'el suplente es una persona distinta del responsable',
  '{model} is not in staging': '{model} no está en staging',
  '{model} is in {stage}: {target} is not next': '{model} está en {stage}: no le sigue {target}',
  'a promotion of {model} waits already': 'ya espera una promoción de {model}',
  '{gate} cannot be waived': 'no se puede dispensar: {gate}',
  'a promotion is approved by a person other than who asked':
    'una promoción la aprueba una persona distinta de quien la pidió',
  'who registered a model does not approve it': 'quien registró un modelo no lo aprueba',
  'you have approved this; another person must': 'usted ya lo aprobó; falta otra persona',
  'this waits for: {capacities} (owner {owner}, backup {backup})':
    'esto espera a: {capacities} (responsable {owner}, suplente {backup})',
  '{model} is in {stage} by now': '{model} ya está en {stage}',
  'a request is withdrawn by who made it; others reject it':
    'una petición la retira quien la hizo; los demás la rechazan',
  'who may approve this may reject it': 'la rechaza quien podría aprobarla',
  '{model} is the model that is live': '{model} es el modelo vivo',
  '{model} is not among the models last live': '{model} no está entre los últimos modelos vivos',
  '{model} is not on every engine: {engines}': '{model} no está en cada motor: {engines}',
  '{model} was retired for cause: {cause}': '{model} se retiró por causa propia: {cause}',
  '{model} failed to load; not before {until}': '{model} falló al cargarse; no antes del {until}',
  '{model} was rolled away from; not before {until}':
    'se salió de {model} por rollback; no antes del {until}',
  '{model} was rolled away from in an open incident':
    'se salió de {model} por rollback en un incidente aún abierto',
  '{model} is in {stage} and is not retired so': '{model} está en {stage} y no se retira así',
  '{gate} cannot be excepted': 'no admite excepción: {gate}',
  'an exception ends within {days} days from now':
    'una excepción termina como mucho en {days} días',
  'no exception of that id is in force': 'no hay ninguna excepción en vigor con ese id',
  'no review of that id is open': 'no hay ninguna revisión abierta con ese id',
  'a review is closed by a person other than who caused it':
    'una revisión la cierra una persona distinta de quien la causó',
  'no model goes from {stage} to {to} by {cause}':
    'ningún modelo pasa de {stage} a {to} por {cause}',
  'not met: {gates}': 'no se cumple: {gates}',
  '{gate}: {why}': '{gate}: {why}',
  '{gate}: {value}, the limit is {limit}': '{gate}: {value}, el límite es {limit}',
  'no promotion of that id waits': 'no espera ninguna promoción con ese id',
  'that request has expired; ask anew': 'esa petición caducó; hay que pedirla de nuevo',
  'type {word} to resume': 'escriba {word} para reanudar',
  'nothing in that scope is stopped': 'nada en ese alcance está detenido',
  'the whole desk is stopped; resume the whole desk':
    'está detenida toda la mesa; reanude toda la mesa',
  'a resume is approved by a person other than who asked':
    'una reanudación la aprueba una persona distinta de quien la pidió',
  'no engine of that name has registered': 'no se ha registrado ningún motor con ese nombre',
  'faults are for paper engines only': 'los fallos son solo para motores de papel',
  'no resume of that id waits': 'no espera ninguna reanudación con ese id',
  'an engine in scope never registered': 'un motor del alcance nunca se registró',
  'that channel is not set up': 'ese canal no está configurado',
  'the secret was not put away: no majority of the servers answers; nothing changed':
    'el secreto no se guardó: no responde la mayoría de los servidores; nada cambió',
  'the secret was given while another changed it: look, and give it again':
    'el secreto se dio mientras otro lo cambiaba: mire y délo otra vez',
  'the servers hold what this desk’s key has not sealed in the place of secrets: {names}. It is not used. Who else writes with the desk’s account?':
    'los servidores guardan en lugar de secretos algo que la clave de esta mesa no selló: {names}. No se usa. ¿Quién más escribe con la cuenta de la mesa?',
  'the gateway’s disk did not take the secret; nothing changed':
    'el disco del gateway no guardó el secreto; nada cambió',
  'the webhook’s address is missing': 'falta la dirección del webhook',
  'the webhook’s address must be https': 'la dirección del webhook debe ser https',
  'the password is missing': 'falta la contraseña',
  'the routing key is missing': 'falta la clave de enrutamiento',
  'a routing key has 32 letters and digits': 'una clave de enrutamiento tiene 32 letras y cifras',
  'the gateway’s configuration file has that bridge':
    'ese puente está en el archivo de configuración del gateway',
  'an address, unless the engine comes by itself':
    'una dirección, salvo que el motor venga por sí mismo',
  'a token of {length} characters or more': 'un token de {length} caracteres o más',
  'the address would carry the credentials in plain text off this machine: give it with https, or accept that':
    'la dirección llevaría las credenciales en texto plano fuera de esta máquina: use https o acéptelo',
  'the service says that it is {status}: model_loaded {model}, database_connected {database}':
    'el servicio dice que está {status}: model_loaded {model}, database_connected {database}',
  'no bridge of that name is configured': 'no hay ningún puente configurado con ese nombre',
  'an engine that comes by itself has no address to look at':
    'un motor que viene por sí mismo no tiene dirección que mirar',
  'a secret that this kind of bridge does not have': 'un secreto que ese tipo de puente no tiene',
  'the period ends before it begins': 'el periodo termina antes de empezar',
  'the log ends at {seq}': 'el registro termina en {seq}',
  'the range ends before it begins': 'el rango termina antes de empezar',
  'a report of that id is on record': 'ya consta un informe con ese id',
  'no alert of that name is open': 'no hay ninguna alerta abierta con ese nombre',
  'somebody has acknowledged it': 'alguien ya la reconoció',
  'there is no playbook of that name': 'no hay ningún procedimiento con ese nombre',
  'the incident’s playbook has no step of that name':
    'el procedimiento del incidente no tiene ese paso',
  'it is {severity} already': 'ya es {severity}',
  'no post-mortem was saved': 'no se guardó ningún post-mortem',
  '{kind} {year}, kept until {until}: {why}': '{kind} {year}, hasta {until}: {why}',
  'it is not a year of this log that is over': 'no es un año terminado de este registro',
  'it is deleted already': 'ya está borrado',
  'its time is not over': 'su plazo no ha terminado',
  'a hold is in force (policy retention.hold)':
    'hay una retención en vigor (política retention.hold)',
  'an incident is open': 'hay un incidente abierto',
  'an older year of the record is deleted first': 'antes se borra un año anterior del registro',
  'no such deletion is on record': 'no consta ese borrado',
  'it is closed': 'está cerrado',
  'it is resolved': 'está resuelto',
  'it is not resolved': 'no está resuelto',
  'it is {stage}; {next} does not follow that': 'está en «{stage}»; no le sigue «{next}»',
  'no incident of that id is kept': 'no se guarda ningún incidente con ese id',

  // What a terminal refuses by itself.
  'no live connection to the gateway': 'no hay conexión viva con el gateway',
  'this desktop has no keyring: the secrets would lie in plain text':
    'este escritorio no tiene llavero: los secretos quedarían en claro',
  'the disk or the keyring refuses to keep it': 'el disco o el llavero no lo guardan',
  'no direct way to that engine is kept': 'no se guarda ninguna vía directa a ese motor',
  'those are not its last eight digits': 'esas no son sus ocho últimas cifras',
  'that is not the present PIN': 'ese no es el PIN actual',
  'wrong PIN': 'PIN incorrecto',
  'your role may not export the record': 'su rol no permite exportar el registro',
  'other work on the record is under way': 'hay otro trabajo en marcha sobre el registro',
  'this terminal has no log yet': 'este terminal aún no tiene registro',
  'the log knows no such model': 'el registro no conoce ese modelo',
  'no post-mortem of it is kept': 'no se guarda ningún post-mortem suyo',
  'this terminal’s log does not have it': 'el registro de este terminal no lo tiene',
  'no such report here': 'aquí no está ese informe',
  'a report is being made': 'se está haciendo un informe',
  'a kill of this terminal is not over': 'una parada de este terminal no ha terminado',

  // What a role may not do.
  'ask for a retraining': 'pedir un reentreno',
  'close a retraining': 'cerrar un reentreno',
  'change what is said of a model': 'cambiar lo que se dice de un modelo',
  'ask for a promotion': 'pedir una promoción',
  'roll a model back': 'revertir un modelo',
  'retire a model': 'retirar un modelo',
  'grant an exception': 'conceder una excepción',
  'revoke an exception': 'revocar una excepción',
  'close a review': 'cerrar una revisión',
  pause: 'pausar',
  resume: 'reanudar',
  'approve a resume': 'aprobar una reanudación',
  'withdraw another’s resume': 'retirar la reanudación de otro',
  'inject a fault': 'provocar un fallo',
  'set up a channel': 'configurar un canal',
  'test a channel': 'probar un canal',
  'configure a bridge': 'configurar un puente',
  'remove a bridge': 'quitar un puente',
  'test a bridge': 'probar un puente',
  'make a report': 'hacer un informe',
  'acknowledge an alert': 'reconocer una alerta',
  'open an incident': 'abrir un incidente',
  'acknowledge an incident': 'tomar un incidente',
  'handle an incident': 'llevar un incidente',
  'resolve an incident': 'resolver un incidente',
  'close an incident': 'cerrar un incidente',
  'change an incident’s severity': 'cambiar la severidad de un incidente',
  'send an incident’s message': 'enviar un mensaje de un incidente',
  'write a post-mortem': 'escribir un post-mortem',
  'publish a post-mortem': 'publicar un post-mortem',
  'set an action item': 'anotar una acción',
  'register a model': 'registrar un modelo',
  'report a model’s figures': 'informar de las cifras de un modelo',
  'switch the monitor to a dry run': 'poner el monitor en ensayo',
  'report lineage': 'informar de linaje',
  'change a policy': 'cambiar una política',
  'delete records': 'borrar registros',
  'hold a drill': 'hacer un simulacro',
} as const satisfies Readonly<Record<string, string>>;
